//! `--trace`: what the server was seen to do, beside what the lock model says.

use super::{HEAD, history, report};
use serde_json::{Value, json};

#[test]
fn a_trace_tells_locks_rewrites_and_reads() {
    let folder = history(&[
        "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('a', sa.Text()))\n\n\n\
         def downgrade():\n    op.drop_table('t')\n",
        "def upgrade():\n    op.create_index('i', 't', ['a'])\n    op.add_column('t', sa.Column('b', sa.Text()))\n\n\n\
         def downgrade():\n    op.drop_column('t', 'b')\n    op.drop_index('i')\n",
        "def upgrade():\n    op.alter_column('t', 'id', type_=sa.BigInteger())\n    \
         op.alter_column('t', 'a', nullable=False)\n\n\n\
         def downgrade():\n    op.alter_column('t', 'a', nullable=True)\n    \
         op.alter_column('t', 'id', type_=sa.Integer())\n",
        "def upgrade():\n    with op.get_context().autocommit_block():\n        \
         op.create_index('j', 't', ['id'], postgresql_concurrently=True)\n\n\n\
         def downgrade():\n    op.drop_index('j')\n",
    ]);
    let Some(report) = report(folder.path(), &["--trace"]) else { return };
    let all = report["roundtrip"][0]["trace"].as_array().unwrap();
    let of = |revision: &str| -> Vec<&Value> {
        all.iter().filter(|it| it["revision"] == revision && it["direction"] == "upgrade").collect()
    };
    let lock = |mode: &str| json!({"relation": "t", "mode": mode});
    assert_eq!(of("r1")[0]["locks"], json!([]), "what the run itself makes is nobody else's: {all:?}");
    let [index, column] = of("r2")[..] else { panic!("{all:?}") };
    assert_eq!(index["line"], HEAD + 2);
    assert_eq!((&index["locks"], &index["rewritten"]), (&json!([lock("SHARE")]), &json!([])));
    assert_eq!(index["scanned"], json!(["t"]));
    assert_eq!((&column["locks"][0], &column["scanned"]), (&lock("ACCESS EXCLUSIVE"), &json!([])));
    let [retyped, filled] = of("r3")[..] else { panic!("{all:?}") };
    assert!(retyped["locks"].as_array().unwrap().contains(&lock("ACCESS EXCLUSIVE")), "{retyped}");
    assert!(retyped["rewritten"].as_array().unwrap().contains(&json!("t")), "{retyped}");
    assert_eq!(filled["scanned"], json!(["t"]), "{filled}");
    let [concurrent] = of("r4")[..] else { panic!("{all:?}") };
    assert_eq!(concurrent["outside"], true);
    assert!(all.iter().all(|it| it["differs"] == json!([])), "{all:?}");
}
