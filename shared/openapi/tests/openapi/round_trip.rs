//! What is exported and imported again is what it was.

use crate::cases::pretty_assert;
use crate::generated::definition;
use crate::normal::normal;
use crate::world::{FORMS, exported, imported};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_definition_is_the_same_after_an_export_and_an_import(definition in definition()) {
        for form in FORMS {
            let text = exported(&definition, form, "apigateway,documentation");
            let again = imported(&text).definition;
            pretty_assert(&normal(again), &normal(definition.clone()), &text);
        }
    }
}
