"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const [revision, earlier, config, postgres, report, state, link] =
    ["revision", "earlier", "config", "postgres", "report", "state", "link"].map(byId);
  const PAUSE = 250;

  const example = {
    revision: 'def upgrade():\n    op.add_column("users", sa.Column("phone", sa.String(20), nullable=False))\n' +
      '    op.create_index("ix_users_phone", "users", ["phone"])\n\n\n' +
      'def downgrade():\n    op.drop_index("ix_users_phone", table_name="users")\n    op.drop_column("users", "phone")\n',
    earlier: 'def upgrade():\n    op.create_table(\n        "users",\n' +
      '        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),\n' +
      '        sa.Column("email", sa.Text(), nullable=False),\n    )\n\n\n' +
      'def downgrade():\n    op.drop_table("users")\n',
    config: "",
    postgres: null,
  };

  const typed = () => ({
    revision: revision.value,
    earlier: earlier.value,
    config: config.value,
    postgres: postgres.value ? Number(postgres.value) : null,
  });

  const fill = (texts) => {
    for (const [field, name] of [[revision, "revision"], [earlier, "earlier"], [config, "config"]]) {
      field.value = typeof texts[name] === "string" ? texts[name] : "";
    }
    postgres.value = Number.isInteger(texts.postgres) ? String(texts.postgres) : "";
  };

  // The fragment is never sent to anybody: a link holds the texts, and only its reader's browser opens them.
  const packed = (texts) => {
    const bytes = new TextEncoder().encode(JSON.stringify(texts));
    return btoa(Array.from(bytes, (it) => String.fromCharCode(it)).join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const unpacked = (text) => {
    try {
      const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (it) => it.charCodeAt(0));
      const texts = JSON.parse(new TextDecoder().decode(bytes));
      return texts && typeof texts === "object" ? texts : null;
    } catch {
      return null;
    }
  };

  const say = (text, wrong = false) => {
    state.textContent = text;
    state.className = wrong ? "wrong" : "";
  };

  let timer = 0, turn = 0, waiting = null;
  const check = async () => {
    const mine = ++turn;
    if (waiting) waiting.abort();
    waiting = new AbortController();
    try {
      const answer = await fetch("/check", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(typed()),
        signal: waiting.signal,
      });
      const text = await answer.text();
      if (mine !== turn) return;
      if (answer.status === 200) {
        report.srcdoc = text;
        say("");
      } else if (answer.status === 503) {
        later();
      } else {
        say(text, true);
      }
    } catch (error) {
      if (mine === turn && error.name !== "AbortError") say("limbeck playground is not there any more", true);
    }
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE);
  };

  for (const field of [revision, earlier, config]) {
    field.addEventListener("input", later);
  }
  postgres.addEventListener("change", later);
  link.addEventListener("click", async () => {
    history.replaceState(null, "", `#${packed(typed())}`);
    try {
      await navigator.clipboard.writeText(location.href);
      say("The link is in the clipboard");
    } catch {
      say("The link is the address of this page");
    }
  });
  const open = () => {
    fill((location.hash.length > 1 && unpacked(location.hash.slice(1))) || example);
    check();
  };
  addEventListener("hashchange", open);
  open();
})();
