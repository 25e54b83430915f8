use serde::Serialize;

/// Is told what happens.
pub trait Events: Send + Sync {
    /// Takes one event; it should not block.
    fn event(&self, event: Event);
}

impl<F: Fn(Event) + Send + Sync> Events for F {
    fn event(&self, event: Event) {
        self(event);
    }
}

/// Something that happened. Text and JSON are two renderings of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// An instance has the tags, but its SSM agent is not heard of: it gets no command.
    LeftOut {
        /// The id of the instance.
        instance: String,
        /// When its SSM agent was heard of last.
        last_ping: Option<String>,
    },
    /// The command is about to be sent: from here on until [`Sent`](Event::Sent), nobody can tell whether it was.
    Sending {
        /// The name of the document.
        document: String,
    },
    /// The command is sent, and goes on by itself.
    Sent {
        /// The command's id.
        command: String,
        /// The ids of the instances.
        instances: Vec<String>,
    },
    /// The command stands so on an instance now.
    Status {
        /// The id of the instance.
        instance: String,
        /// Where it stands, in Systems Manager's words.
        status: String,
        /// Whether nothing will change any more.
        is_final: bool,
    },
    /// The cloud does not answer; it is asked again for a while.
    Unreachable {
        /// What was said last.
        error: String,
    },
}

/// Hands on what [`Patience`](crate::call::Patience) says.
pub(super) fn watch(events: &dyn Events) -> impl Fn(crate::Event) + Send + Sync {
    move |event| {
        if let crate::Event::Unreachable { error } = event {
            events.event(Event::Unreachable { error });
        }
    }
}
