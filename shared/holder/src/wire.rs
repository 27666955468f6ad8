//! One client's connection: bytes in and out, with memory only for what is under way.

use crate::mailbox::Mailbox;
use crate::protocol::{Decoder, Incoming, Violation};
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that one read may bring. They are read into the stack, and copied when there are any: a socket that waits for its client
/// owns no buffer.
const READ_BYTES: usize = 16 << 10;
/// Bytes that are taken from the mailbox at once.
const WRITE_BYTES: usize = 64 << 10;
/// Pieces handed to the kernel at once.
const WRITE_PIECES: usize = 16;

pub(crate) struct Wire<I> {
    io: I,
    decoder: Decoder,
    arrived: BytesMut,
    writing: VecDeque<Bytes>,
    unflushed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Bytes have come or gone.
    Made,
    /// The client is gone, or at least its half of the connection.
    Gone,
}

impl<I: AsyncRead + AsyncWrite + Unpin> Wire<I> {
    pub(crate) fn new(io: I, decoder: Decoder) -> Self {
        Self {
            io,
            decoder,
            arrived: BytesMut::new(),
            writing: VecDeque::new(),
            unflushed: false,
        }
    }

    /// The next of what has arrived.
    pub(crate) fn decode(&mut self) -> Result<Option<Incoming>, Violation> {
        if self.arrived.is_empty() {
            return Ok(None);
        }
        let incoming = self.decoder.next(&mut self.arrived)?;
        if self.arrived.is_empty() {
            self.arrived = BytesMut::new();
        }
        Ok(incoming)
    }

    /// Whether everything that was taken from the mailbox is on its way.
    pub(crate) fn is_written(&self) -> bool {
        self.writing.is_empty() && !self.unflushed
    }

    /// Writes what the mailbox has and reads, if asked to, until either has happened. Nothing is lost when it is dropped before.
    pub(crate) async fn progress(&mut self, mailbox: &Mailbox, read: bool) -> Progress {
        poll_fn(|context| self.poll(context, mailbox, read)).await
    }

    /// Lets the client have the last bytes: without this, what it has sent meanwhile would make the kernel reset the connection,
    /// and the client might lose the Close frame.
    pub(crate) async fn linger(&mut self) {
        let shut = poll_fn(|context| Pin::new(&mut self.io).poll_shutdown(context)).await;
        if shut.is_err() {
            return;
        }
        loop {
            self.arrived.clear();
            match poll_fn(|context| self.poll_read(context)).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>, mailbox: &Mailbox, read: bool) -> Poll<Progress> {
        let mut made = false;
        while !self.writing.is_empty() || mailbox.take(&mut self.writing, WRITE_BYTES) {
            match self.poll_write(context) {
                Poll::Ready(Ok(1..)) => made = true,
                Poll::Ready(_) => return Poll::Ready(Progress::Gone),
                Poll::Pending => break,
            }
        }
        if self.writing.is_empty() {
            if self.writing.capacity() > 0 {
                self.writing = VecDeque::new();
            }
            if self.unflushed {
                match Pin::new(&mut self.io).poll_flush(context) {
                    Poll::Ready(Ok(())) => {
                        self.unflushed = false;
                        made = true;
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(Progress::Gone),
                    Poll::Pending => {}
                }
            }
        }
        if read {
            match self.poll_read(context) {
                Poll::Ready(Ok(1..)) => made = true,
                Poll::Ready(_) => return Poll::Ready(Progress::Gone),
                Poll::Pending => {}
            }
        }
        if made {
            Poll::Ready(Progress::Made)
        } else {
            Poll::Pending
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let mut pieces = [IoSlice::new(&[]); WRITE_PIECES];
        let mut count = 0;
        for (piece, bytes) in pieces.iter_mut().zip(&self.writing) {
            *piece = IoSlice::new(bytes);
            count += 1;
        }
        let written = Pin::new(&mut self.io).poll_write_vectored(context, &pieces[..count]);
        if let Poll::Ready(Ok(mut written)) = written {
            self.unflushed = true;
            while written > 0
                && let Some(first) = self.writing.front_mut()
            {
                let advanced = written.min(first.len());
                first.advance(advanced);
                written -= advanced;
                if first.is_empty() {
                    self.writing.pop_front();
                }
            }
        }
        written
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let mut buffer = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut buffer);
        Pin::new(&mut self.io)
            .poll_read(context, &mut buffer)
            .map_ok(|()| {
                self.arrived.extend_from_slice(buffer.filled());
                buffer.filled().len()
            })
    }
}
