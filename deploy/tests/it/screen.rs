//! An operator's page without eyes: holds the live socket open and remembers every alarm that it was shown.

use std::sync::{Arc, Mutex};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::city::{Home, Running, sign_in, wait_for};

/// A page that is open.
pub(crate) struct Screen {
    shown: Arc<Mutex<Vec<Value>>>,
    pub(crate) token: String,
}

impl Screen {
    /// Signs a new operator in and opens the page of the city.
    #[track_caller]
    pub(crate) fn open(home: &Home, running: &Running) -> Self {
        let added = home.run(&["user", "add", "anna", "--role", "operator", "--config", "specola.toml"]);
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let token = sign_in(running, &String::from_utf8_lossy(&added.stdout));
        let mut request = format!("ws://{}/api/v1/live", running.http).into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        request.headers_mut().insert("sec-websocket-protocol", "specola.v1".parse().unwrap());
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (seen, opened) = (Arc::clone(&shown), Arc::new(Mutex::new(false)));
        let is_open = Arc::clone(&opened);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
                let all = json!({"type": "subscribe", "resume": null, "viewport": null, "domains": null});
                socket.send(Message::text(all.to_string())).await.unwrap();
                *is_open.lock().unwrap() = true;
                while let Some(Ok(message)) = socket.next().await {
                    let Message::Text(text) = message else { continue };
                    let mut frame: Value = serde_json::from_str(&text).unwrap();
                    if frame["type"] == "alarms" {
                        seen.lock().unwrap().append(frame["items"].as_array_mut().unwrap());
                    }
                }
            });
        });
        wait_for("the page to open", || opened.lock().unwrap().then_some(()));
        Self { shown, token }
    }

    /// Every state in which this rule's alarms were shown, in order.
    pub(crate) fn states_of(&self, rule: &str) -> Vec<String> {
        let shown = self.shown.lock().unwrap();
        let of_rule = shown.iter().filter(|alarm| alarm["rule"] == rule);
        of_rule.map(|alarm| alarm["state"].as_str().unwrap().to_owned()).collect()
    }

    /// The alarm of this rule as it was shown last.
    pub(crate) fn last_of(&self, rule: &str) -> Option<Value> {
        self.shown.lock().unwrap().iter().rfind(|alarm| alarm["rule"] == rule).cloned()
    }
}
