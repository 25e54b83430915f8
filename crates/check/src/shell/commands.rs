//! The grammar of commands.

use super::tokens::{Kind, Mode};
use super::{CLOSING, Parsed, Parser, Stop};

/// The words that begin a compound command.
static BEGINNING: [&str; 10] = ["(", "[[", "case", "for", "function", "if", "select", "until", "while", "{"];

/// The commands whose arguments may be assignments of arrays.
static DECLARING: [&str; 8] = ["alias", "declare", "eval", "export", "let", "local", "readonly", "typeset"];

impl Parser<'_> {
    /// Reads commands until one of the words that end them, or the end of the script. Tells whether there are any.
    pub(super) fn list(&mut self, ends: &[&str]) -> Parsed<bool> {
        let mut any = false;
        self.newlines()?;
        while self.token.kind != Kind::End && !self.is_any(ends) {
            self.and_or()?;
            any = true;
            if self.is(";") || self.is("&") {
                self.advance(Mode::Command)?;
                self.newlines()?;
            } else if self.token.kind == Kind::Newline {
                self.newlines()?;
            } else if self.token.kind != Kind::End && !self.is_any(ends) {
                return Err(self.unexpected());
            }
        }
        Ok(any)
    }

    /// Reads at least one command, which stand after a word, until one of the words that end them.
    fn commands(&mut self, after: &str, ends: &[&str]) -> Parsed<()> {
        if self.list(ends)? {
            return Ok(());
        }
        if self.token.kind == Kind::End {
            return Err(self.ended());
        }
        let message = format!("there is no command between `{after}` and {}", self.name());
        Err(self.stop(self.token.start, message, Some("write `:`, which does nothing")))
    }

    fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    pub(super) fn newlines(&mut self) -> Parsed<()> {
        while self.token.kind == Kind::Newline {
            self.advance(Mode::Command)?;
        }
        Ok(())
    }

    /// Wants a word or operator, and reads what is behind it.
    fn expect(&mut self, text: &str) -> Parsed<()> {
        if !self.is(text) {
            return Err(self.unexpected());
        }
        self.advance(Mode::Command)
    }

    /// Wants the end of the innermost construct.
    fn close(&mut self, text: &str) -> Parsed<()> {
        self.expect(text)?;
        self.leave();
        Ok(())
    }

    fn and_or(&mut self) -> Parsed<()> {
        self.pipeline()?;
        while self.is("&&") || self.is("||") {
            self.advance(Mode::Command)?;
            self.newlines()?;
            self.pipeline()?;
        }
        Ok(())
    }

    fn pipeline(&mut self) -> Parsed<()> {
        while self.is("!") || self.is("time") {
            let is_time = self.is("time");
            self.advance(Mode::Command)?;
            while is_time && (self.is("-p") || self.is("--")) {
                self.advance(Mode::Command)?;
            }
            // Alone they are commands, too.
            if matches!(self.token.kind, Kind::Newline | Kind::End) || self.is(";") {
                return Ok(());
            }
        }
        self.command()?;
        while self.is("|") || self.is("|&") {
            self.advance(Mode::Command)?;
            self.newlines()?;
            if self.is("!") {
                return Err(self.wanted("a command"));
            }
            self.command()?;
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<()> {
        if self.is("coproc") {
            return self.coprocess();
        }
        if self.token.kind == Kind::Arithmetic || self.is_any(&BEGINNING) {
            self.compound()?;
            return self.redirections();
        }
        if self.is_any(&CLOSING) {
            return Err(self.unexpected());
        }
        if self.token.kind == Kind::Word || self.is_redirection() {
            return self.simple();
        }
        Err(self.no_command())
    }

    fn no_command(&self) -> Stop {
        let before = self.script.get(..self.token.start).unwrap_or_default();
        let begins_line =
            before.trim_end_matches([' ', '\t']).ends_with('\n') && (self.is("&&") || self.is("||") || self.is("|"));
        match self.wanted("a command") {
            Stop::Fault { at, message, .. } if begins_line => {
                let hint = "put it at the end of the line before, or a backslash at that line's end";
                self.stop(at, message, Some(hint))
            }
            stop => stop,
        }
    }

    /// Reads assignments, words and redirections, or the beginning of a function.
    fn simple(&mut self) -> Parsed<()> {
        let mut words = 0;
        let mut others = 0;
        let mut declares = false;
        loop {
            if self.is_redirection() {
                others += 1;
                self.redirection(if words == 0 || declares { Mode::Assignment } else { Mode::Word })?;
            } else if self.token.kind == Kind::Word {
                if words == 0 && is_assignment(self.text()) {
                    others += 1;
                } else {
                    declares |= words == 0 && DECLARING.contains(&self.text());
                    words += 1;
                }
                self.advance(if words == 0 || declares { Mode::Assignment } else { Mode::Word })?;
            } else if self.is("(") && words == 1 && others == 0 {
                return self.body();
            } else if self.is("(") {
                return Err(self.wanted("the end of the command"));
            } else {
                return Ok(());
            }
        }
    }

    /// Reads what stands after the name of a function.
    fn body(&mut self) -> Parsed<()> {
        self.enter("(", self.token.start, ")")?;
        self.advance(Mode::Word)?;
        self.close(")")?;
        self.whole_body()
    }

    fn whole_body(&mut self) -> Parsed<()> {
        self.newlines()?;
        if self.token.kind != Kind::Arithmetic && !self.is_any(&BEGINNING) || self.is("function") {
            return Err(self.wanted("`{`, the body of the function,"));
        }
        self.compound()?;
        self.redirections()
    }

    fn redirections(&mut self) -> Parsed<()> {
        while self.is_redirection() {
            self.redirection(Mode::Command)?;
        }
        Ok(())
    }

    fn redirection(&mut self, after: Mode) -> Parsed<()> {
        let at = self.token.start;
        let here_document = (self.is("<<") || self.is("<<-")).then(|| self.is("<<-"));
        self.advance(if self.is("<&") || self.is(">&") { Mode::Descriptor } else { Mode::Word })?;
        if self.token.kind != Kind::Word {
            return Err(self.wanted(if here_document.is_some() { "the word that ends it" } else { "a file" }));
        }
        if let Some(strips_tabs) = here_document {
            self.here_document(at, strips_tabs);
        }
        self.advance(after)
    }

    fn coprocess(&mut self) -> Parsed<()> {
        self.advance(Mode::Command)?;
        let is_compound = |parser: &Self| parser.token.kind == Kind::Arithmetic || parser.is_any(&BEGINNING);
        if !is_compound(self) {
            if self.token.kind != Kind::Word {
                return Err(self.wanted("a command"));
            }
            self.advance(Mode::Command)?;
        }
        if is_compound(self) {
            self.compound()?;
            return self.redirections();
        }
        if self.token.kind == Kind::Word || self.is_redirection() { self.simple() } else { Ok(()) }
    }

    fn compound(&mut self) -> Parsed<()> {
        if self.token.kind == Kind::Arithmetic {
            return self.advance(Mode::Command);
        }
        match self.text() {
            "if" => self.branches(),
            "while" => self.repetition("while"),
            "until" => self.repetition("until"),
            "for" => self.iteration("for"),
            "select" => self.iteration("select"),
            "case" => self.cases(),
            "function" => self.function(),
            "[[" => self.condition(),
            "{" => self.group("{", "}"),
            _ => self.group("(", ")"),
        }
    }

    fn group(&mut self, open: &'static str, close: &'static str) -> Parsed<()> {
        self.enter(open, self.token.start, close)?;
        self.advance(Mode::Command)?;
        self.commands(open, &[close])?;
        self.close(close)
    }

    fn branches(&mut self) -> Parsed<()> {
        self.enter("if", self.token.start, "then")?;
        let mut word = "if";
        while self.is(word) {
            self.want("then");
            self.advance(Mode::Command)?;
            self.commands(word, &["then"])?;
            self.expect("then")?;
            self.want("fi");
            self.commands("then", &["elif", "else", "fi"])?;
            word = "elif";
        }
        if self.is("else") {
            self.advance(Mode::Command)?;
            self.commands("else", &["fi"])?;
        }
        self.close("fi")
    }

    fn repetition(&mut self, word: &'static str) -> Parsed<()> {
        self.enter(word, self.token.start, "do")?;
        self.advance(Mode::Command)?;
        self.commands(word, &["do"])?;
        self.repeated()
    }

    /// Reads what is repeated, and closes the loop.
    fn repeated(&mut self) -> Parsed<()> {
        let (open, close) = if self.is("{") { ("{", "}") } else { ("do", "done") };
        self.expect(open)?;
        self.want(close);
        self.commands(open, &[close])?;
        self.close(close)
    }

    fn iteration(&mut self, word: &'static str) -> Parsed<()> {
        self.enter(word, self.token.start, "do")?;
        self.advance(if word == "for" { Mode::Command } else { Mode::Word })?;
        if self.token.kind == Kind::Arithmetic {
            let parts = self.text().matches(';').count() + 1;
            if parts != 3 {
                let message = format!("`for ((…))` has three parts with `;` between them, but here are {parts}");
                return Err(self.stop(self.token.start, message, None));
            }
            self.advance(Mode::Command)?;
            self.separator()?;
            return self.repeated();
        }
        if self.token.kind != Kind::Word {
            return Err(self.wanted("the name of a variable"));
        }
        self.advance(Mode::Word)?;
        if self.is(";") {
            self.separator()?;
            return self.repeated();
        }
        self.newlines()?;
        if self.is("in") {
            self.advance(Mode::Word)?;
            while self.token.kind == Kind::Word {
                self.advance(Mode::Word)?;
            }
            if !self.is(";") && self.token.kind != Kind::Newline {
                return Err(self.unexpected());
            }
            self.separator()?;
        }
        self.repeated()
    }

    fn separator(&mut self) -> Parsed<()> {
        if self.is(";") {
            self.advance(Mode::Command)?;
        }
        self.newlines()
    }

    fn cases(&mut self) -> Parsed<()> {
        self.enter("case", self.token.start, "in")?;
        self.advance(Mode::Word)?;
        if self.token.kind != Kind::Word {
            return Err(self.wanted("the word to compare"));
        }
        self.advance(Mode::Word)?;
        self.newlines()?;
        if !self.is("in") {
            return Err(self.unexpected());
        }
        self.want("esac");
        self.advance(Mode::Word)?;
        loop {
            while self.token.kind == Kind::Newline {
                self.advance(Mode::Word)?;
            }
            if self.is("esac") {
                break;
            }
            self.pattern()?;
            self.list(&[";;", ";&", ";;&", "esac"])?;
            if self.is("esac") || self.token.kind == Kind::End {
                break;
            }
            self.advance(Mode::Word)?;
        }
        self.close("esac")
    }

    /// Reads the patterns of a case, and its parenthesis.
    fn pattern(&mut self) -> Parsed<()> {
        if self.is("(") {
            self.advance(Mode::Word)?;
        }
        loop {
            if self.token.kind != Kind::Word {
                return Err(self.wanted("a pattern or `esac`"));
            }
            self.advance(Mode::Word)?;
            if !self.is("|") {
                break;
            }
            self.advance(Mode::Word)?;
        }
        if !self.is(")") {
            return Err(self.wanted("`)` after a pattern"));
        }
        self.advance(Mode::Command)
    }

    fn function(&mut self) -> Parsed<()> {
        self.advance(Mode::Word)?;
        if self.token.kind != Kind::Word {
            return Err(self.wanted("the name of a function"));
        }
        self.advance(Mode::Command)?;
        if self.is("(")
            && self.script.get(self.at..).unwrap_or_default().trim_start_matches([' ', '\t']).starts_with(')')
        {
            return self.body();
        }
        self.whole_body()
    }
}

/// Tells whether a word assigns: `x=…`, `x+=…`, `x[1]=…`.
fn is_assignment(word: &str) -> bool {
    let name =
        word.find(|character: char| !(character.is_ascii_alphanumeric() || character == '_')).unwrap_or(word.len());
    let rest = &word[name..];
    name > 0
        && !word.starts_with(|first: char| first.is_ascii_digit())
        && (rest.starts_with('=') || rest.starts_with("+=") || (rest.starts_with('[') && rest.contains("]=")))
}
