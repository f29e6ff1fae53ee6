//! Where a command's words go: data to one place, talk to another.
//!
//! In: finished texts and tables. Out: bytes on standard output and standard error, or wherever a test
//! wants them. Control characters are never passed on: names and texts of other agencies stand in what
//! is printed, and an escape sequence could rewrite the screen.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

/// The two ways out. It has no `Debug`.
pub struct Terminal {
    json: bool,
    colour: bool,
    data: Box<dyn Write + Send>,
    talk: Box<dyn Write + Send>,
    closed: bool,
}

impl Terminal {
    /// Standard output and standard error. Talk is coloured if it goes to a terminal and `NO_COLOR`
    /// (<https://no-color.org>) is not set.
    pub fn of_process(json: bool) -> Self {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_none_or(|value| value == "dumb");
        let colour = io::stderr().is_terminal() && !set("NO_COLOR") && !dumb;
        Self { colour, ..Self::new(json, Box::new(io::stdout()), Box::new(io::stderr())) }
    }

    /// Any two places; without colour.
    pub fn new(json: bool, data: Box<dyn Write + Send>, talk: Box<dyn Write + Send>) -> Self {
        Self { json, colour: false, data, talk, closed: false }
    }

    /// Whether data is wanted as JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Whether talk may be coloured.
    pub fn colour(&self) -> bool {
        self.colour
    }

    /// Data: a text of one or more lines.
    ///
    /// # Errors
    /// Nowhere to write to. A reader that has seen enough (`| head`) is no error.
    pub fn data(&mut self, text: &str) -> io::Result<()> {
        self.write(printable(text).trim_end().as_bytes())
    }

    /// Data: bytes as the gateway sent them, and a line end.
    ///
    /// # Errors
    /// As [`Terminal::data`].
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes.trim_ascii_end())
    }

    /// Data: a value as one line of JSON.
    ///
    /// # Errors
    /// As [`Terminal::data`].
    pub fn value(&mut self, value: &serde_json::Value) -> io::Result<()> {
        self.write(value.to_string().as_bytes())
    }

    /// Talk. Nobody is told if it cannot be written: there is nowhere to tell it.
    pub fn say(&mut self, text: &str) {
        self.say_styled(&printable(text));
    }

    /// Talk that bears its own colours, and in which everything from outside is [`printable`] already.
    pub fn say_styled(&mut self, text: &str) {
        let _ = writeln!(self.talk, "{}", text.trim_end());
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.closed || bytes.is_empty() {
            return Ok(());
        }
        let written = self.data.write_all(bytes).and_then(|()| self.data.write_all(b"\n"));
        match written.and_then(|()| self.data.flush()) {
            Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

/// The text with a replacement character for each control character but the line feed.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Columns of text under headings.
pub struct Table<const COLUMNS: usize> {
    heads: [&'static str; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// An empty table.
    pub fn new(heads: [&'static str; COLUMNS]) -> Self {
        Self { heads, rows: Vec::new() }
    }

    /// Adds a row; a line break in a cell would look like a row of its own and becomes a space.
    pub fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells.map(|cell| cell.replace('\n', " ")));
    }

    /// The lines, columns two spaces apart and as wide as their widest cell.
    pub fn rendered(&self) -> String {
        let heads = self.heads.map(str::to_owned).to_vec();
        let lines = std::iter::once(heads).chain(self.rows.iter().map(|row| row.to_vec()));
        aligned(&lines.collect::<Vec<_>>())
    }
}

/// Lines of cells, the columns two spaces apart and as wide as their widest cell.
pub fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |line: &Vec<String>, column: usize| line.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> =
        (0..columns).map(|column| lines.iter().map(|line| wide(line, column)).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Labels and what they stand for, one a line.
pub fn labelled(lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(label, text)| format!("{label:<width$}  {}\n", text.replace('\n', " "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["recipient", "channel"]);
        table.row(["kent-council-housing".into(), "email".into()]);
        table.row(["kent-yot".into(), "mail\nbox".into()]);
        let wanted =
            "recipient             channel\nkent-council-housing  email\nkent-yot              mail box\n";
        assert_eq!(table.rendered(), wanted);
    }

    #[test]
    fn escape_sequences_do_not_reach_the_screen() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\r"), "a\u{fffd}[2Jb\nc\u{fffd}");
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_error() {
        struct Shut;
        impl Write for Shut {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut terminal = Terminal::new(false, Box::new(Shut), Box::new(io::sink()));
        assert!(terminal.data("one").is_ok());
        assert!(terminal.data("two").is_ok());
    }
}
