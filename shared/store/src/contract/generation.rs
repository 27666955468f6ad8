//! Where an engine sees every write, it says that there was one.

use super::{Harness, adding, unique_key};
use crate::{Condition, Write};

pub async fn the_generation_moves_with_every_kind_of_write(harness: &Harness) {
    let key = unique_key();
    let Some(mut before) = harness.table.generation() else {
        return;
    };
    let put = || Write::put(key.clone(), "body", Condition::Always);
    for kind in ["put", "transaction", "addition", "delete"] {
        match kind {
            "put" => harness.table.write(put()).await.unwrap(),
            "transaction" => harness.table.transact(vec![put()]).await.unwrap(),
            "addition" => drop(harness.table.add(adding(&key, &[("a", 1)])).await.unwrap()),
            _ => {
                let delete = Write::delete(key.clone(), Condition::Always);
                harness.table.write(delete).await.unwrap();
            }
        }
        let after = harness.table.generation().unwrap();
        assert_ne!(after, before, "{kind}");
        before = after;
    }
}
