//! What the functions run on.

use std::env;

use serde_json::Value;

use crate::{containers::Containers, emulator::Emulator, project::say, stack::Stack};

#[derive(Debug)]
pub enum Machine {
    Containers(Box<Containers>),
    Emulator(Emulator),
}

impl Machine {
    /// What `SLUICE_SAM_LOCAL` asks for; if it is silent, containers if they run here.
    pub async fn ready(stack: &Stack, secrets: &str) -> Self {
        let wanted = env::var("SLUICE_SAM_LOCAL").unwrap_or_default();
        let why = match wanted.as_str() {
            "emulator" => "SLUICE_SAM_LOCAL asks for it".to_owned(),
            "containers" | "" => match Containers::ready(stack, secrets) {
                Ok(containers) => {
                    say(&format!(
                        "the functions run in {}",
                        containers.description()
                    ));
                    return Self::Containers(Box::new(containers));
                }
                Err(why) => {
                    assert!(wanted.is_empty(), "no containers here: {why}");
                    why.replace('\n', " ")
                }
            },
            other => panic!("SLUICE_SAM_LOCAL is {other:?}, not containers or emulator"),
        };
        say(&format!(
            "FALLBACK: the functions run under the Runtime Interface Emulator and not in containers ({why})"
        ));
        Self::Emulator(Emulator::ready(stack, secrets).await)
    }

    pub async fn invoke(&self, function: &str, event: &str) -> Result<Value, String> {
        match self {
            Self::Containers(containers) => containers.invoke(function, event),
            Self::Emulator(emulator) => emulator.invoke(function, event).await,
        }
    }
}
