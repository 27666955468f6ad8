//! A parsed template: what the runner walks. Made once, never changed but for its hints, shared between threads.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::jsonpath::Path;

/// A variable's place among the variables of its template, so that running one needs no map of names.
pub(crate) type Slot = u32;

pub(crate) type Block = Vec<Node>;

/// Told apart by a byte of its own: a mark within one of its parts, as the compiler would have it, takes longer to read.
#[derive(Debug)]
#[repr(u8)]
pub(crate) enum Node {
    Text(String),
    Reference(Box<Reference>),
    Set {
        target: Box<Reference>,
        slot: Slot,
        value: Expression,
    },
    If {
        branches: Vec<(Expression, Block)>,
        otherwise: Block,
    },
    Foreach {
        slot: Slot,
        over: Expression,
        body: Block,
    },
    Define {
        slot: Slot,
        body: Block,
    },
    Call(Box<Call>),
    Break {
        scope: Option<Expression>,
    },
    Stop,
    /// A directive that Velocity has and the gateway refuses when it is reached.
    Refused {
        directive: &'static str,
        place: Place,
    },
}

/// `#name(a b)` or `#@name(a b) body #end`. Which macro it means is known when it runs: macros may come later.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: Box<str>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) body: Option<Block>,
    /// What prints when there is no such macro.
    pub(crate) literal: Box<str>,
    pub(crate) bad_argument: bool,
    pub(crate) place: Place,
}

#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) value: Expression,
    /// The argument as written: what an undefined one prints in Velocity.
    pub(crate) literal: Box<str>,
}

#[derive(Debug)]
pub(crate) struct Macro {
    pub(crate) parameters: Vec<Slot>,
    pub(crate) body: Block,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) slot: Slot,
    pub(crate) steps: Vec<Step>,
    /// All steps' names, when all are plain members: `$context.identity.sourceIp` is then one lookup.
    pub(crate) members: Option<Box<[Box<str>]>>,
    /// What prints when there is no value: the reference as written, or nothing when quiet.
    pub(crate) null_text: Box<str>,
    pub(crate) escaped: bool,
    pub(crate) escape_prefix: Box<str>,
    pub(crate) prefix: Box<str>,
    pub(crate) place: Place,
}

#[derive(Debug)]
pub(crate) enum Step {
    /// The hint is where the member was in the last object that was asked for it.
    Member(Box<str>, Hint),
    Call {
        name: Box<str>,
        arguments: Vec<Expression>,
        path: Option<Path>,
        place: Place,
    },
    Index(Expression),
}

/// A guess from the last time, of whichever run, at what will be so again. No result depends on it.
#[derive(Debug, Default)]
pub(crate) struct Hint(AtomicU32);

impl Hint {
    pub(crate) fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, guess: u32) {
        self.0.store(guess, Ordering::Relaxed);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// Told apart as [`Node`] is.
#[derive(Debug)]
#[repr(u8)]
pub(crate) enum Expression {
    True,
    False,
    Int(i32),
    Long(i64),
    Big(Box<num_bigint::BigInt>),
    Double(f64),
    Text(Box<str>),
    /// A string with references or directives in it. The scanner needs one character after them, which comes off again.
    Interpolated {
        body: Block,
        trim: bool,
    },
    Reference(Box<Reference>),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Range(Box<(Expression, Expression)>),
    Group(Box<Expression>),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    /// `a + b - c`: a row of operators that bind equally, flat, so that a long one needs no deep stack.
    Chain {
        first: Box<Expression>,
        first_literal: Box<str>,
        links: Vec<Link>,
    },
    /// A bare word among a macro's arguments: has no value.
    Word,
}

/// An operator and its right side, with its source for `+`, where Velocity writes it in place of a missing value.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) operator: Operator,
    pub(crate) right: Expression,
    pub(crate) literal: Box<str>,
    /// The source of the row up to here, by Velocity's lights: the right side with the blanks around it.
    pub(crate) row_literal: Box<str>,
}
