//! What the configurations of most tests begin with: one city, everything in the home's folder, ports that the system chooses.

use crate::city::Home;

/// A rule without delays and with words that nobody reads; `keys` name what it is about, `condition` when it rings.
pub(crate) fn rule(id: &str, keys: &str, condition: &str) -> String {
    let words = |language: &str| {
        format!(
            "[rule.guidance.{language}]\ntitle = \"{{asset}}: {id}\"\ncause = \"-\"\nconsequence = \"-\"\naction = \"-\"\n"
        )
    };
    let (it, en) = (words("it"), words("en"));
    format!(
        "[[rule]]\nid = \"{id}\"\npriority = \"medium\"\non_delay = \"0s\"\noff_delay = \"0s\"\n{keys}\n[rule.condition]\n{condition}\n{it}{en}"
    )
}

/// A lamp without supply.
pub(crate) fn dark() -> String {
    rule("dark", "metric = \"voltage\"", "kind = \"threshold\"\nbelow = 180.0")
}

/// A configuration that is being put together.
pub(crate) struct Prelude {
    tenant: String,
    store: String,
    rest: String,
}

impl Prelude {
    /// One tenant `city`, a store in `{folder}/data`, the API on a free port.
    pub(crate) fn city() -> Self {
        Self { tenant: String::new(), store: "folder = \"{folder}/data\"\n".to_owned(), rest: String::new() }
    }

    /// More keys of the tenant.
    pub(crate) fn tenant(mut self, keys: &str) -> Self {
        self.tenant = format!("{keys}\n");
        self
    }

    /// The store in another folder.
    pub(crate) fn stored_in(mut self, folder: &str) -> Self {
        self.store = format!("folder = \"{folder}\"\n");
        self
    }

    /// More keys of the store.
    pub(crate) fn store(mut self, keys: &str) -> Self {
        self.store.push_str(keys);
        self.store.push('\n');
        self
    }

    /// A session with a broker on this port, under the name `mosquitto`.
    pub(crate) fn broker(self, port: u16) -> Self {
        self.with(&format!(
            "[[ingest.brokers]]\nname = \"mosquitto\"\ntenant = \"city\"\nurl = \"mqtt://127.0.0.1:{port}\""
        ))
    }

    /// Our own listener on this port, open to everybody on this machine.
    pub(crate) fn listener(self, port: u16) -> Self {
        self.with(&format!(
            "[ingest.listener]\nenabled = true\nbind = \"127.0.0.1:{port}\"\ntenant = \"city\"\nanonymous = true"
        ))
    }

    /// The rules of `{folder}/rules`, which somebody must write.
    pub(crate) fn rules(self) -> Self {
        self.with("[rules]\nfolder = \"{folder}/rules\"")
    }

    /// A home with this configuration and these rules, and no others.
    pub(crate) fn home_with_rules(self, rules: &str) -> Home {
        let home = self.rules().home();
        std::fs::create_dir(home.path().join("rules")).unwrap();
        std::fs::write(home.path().join("rules/test.toml"), rules).unwrap();
        home
    }

    /// Anything else, as it stands; keys of the last table may follow.
    pub(crate) fn with(mut self, text: &str) -> Self {
        self.rest.push_str(text);
        self.rest.push('\n');
        self
    }

    /// The whole text.
    pub(crate) fn text(&self) -> String {
        let Self { tenant, store, rest } = self;
        format!(
            "[[tenants]]\nid = \"city\"\nname = \"Prova\"\n{tenant}[store]\n{store}[api]\nbind = \"127.0.0.1:0\"\n{rest}"
        )
    }

    /// A home with this configuration.
    pub(crate) fn home(&self) -> Home {
        Home::new(&self.text())
    }
}
