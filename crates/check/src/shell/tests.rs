//! Scripts that bash reads, and what it refuses. What bash itself says of them is held against this in
//! `tests/check/shell.rs`.

use proptest::prelude::*;

use super::fault;

/// Returns what is wrong with a script, with its line.
fn found(script: &str) -> String {
    fault(script, false).map_or_else(|| "nothing".to_owned(), |fault| format!("{}: {}", fault.line, fault.message))
}

#[test]
fn a_fault_names_its_line_what_is_there_and_what_is_wanted() {
    for (script, expected) in [
        ("a\necho \"b\nc\n", "2: the quote \" has no end"),
        ("echo 'it's'\n", "1: the quote ' has no end"),
        ("a=$'x\\'\n", "1: the quote $' has no end"),
        ("a=`b\n", "1: the quote ` has no end"),
        ("a=${b\n", "1: `${` has no end: the script ends where `}` is wanted"),
        ("a=$(b\nc\n", "1: `$(` has no end: the script ends where `)` is wanted"),
        ("if ((a > 1); then b; fi\n", "1: `then` stands where `)` is wanted for the `(` of line 1"),
        ("if a; then\n  b\n", "1: `if` has no end: the script ends where `fi` is wanted"),
        ("if a\n  b\nfi\n", "3: `fi` stands where `then` is wanted for the `if` of line 1"),
        ("for a in b; do\n  if c; then\n    d\ndone\n", "4: `done` stands where `fi` is wanted for the `if` of line 2"),
        ("if a; then\nfi\n", "2: there is no command between `then` and `fi`"),
        ("while a; b; done\n", "1: `done` stands where `do` is wanted for the `while` of line 1"),
        ("a\nfi\n", "2: `fi` belongs to nothing"),
        ("a )\n", "1: `)` belongs to nothing"),
        ("a;;\n", "1: `;;` belongs to nothing"),
        ("{ a; } }\n", "1: `}` belongs to nothing"),
        ("a\n&& b\n", "2: `&&` stands where a command is wanted"),
        ("a &&\n", "2: the script ends where a command is wanted"),
        ("case a b) c;; esac\n", "1: `b` stands where `in` is wanted for the `case` of line 1"),
        ("case a in b) c;; d\n", "1: the end of the line stands where `)` after a pattern is wanted"),
        ("case a in b) c\n", "1: `case` has no end: the script ends where `esac` is wanted"),
        ("[[ a b ]]\n", "1: `b` stands where an operator such as `==` is wanted"),
        ("[[ a == b\n", "1: `[[` has no end: the script ends where `]]` is wanted"),
        ("a <<END\nb\n END\n", "1: the here-document has no end: no line is `END` and nothing else"),
        ("a > ; b\n", "1: `;` stands where a file is wanted"),
        ("echo a (b)\n", "1: `(` stands where the end of the command is wanted"),
        ("f() echo\n", "1: `echo` stands where `{`, the body of the function, is wanted"),
        ("for ((a; b)); do c; done\n", "1: `for ((…))` has three parts with `;` between them, but here are 2"),
    ] {
        assert_eq!(found(script), expected, "{script}");
    }
}

#[test]
fn what_bash_reads_is_let_pass() {
    for script in [
        "",
        "#!/bin/bash\n# if\n",
        "case $a in (b|c) d;; (esac) e ;& *) ;;& f) g\nesac\n",
        "a=(b c # d\n [e]=f) && declare -A g=([h i]=j)\n",
        "x+=(1) y[1 + 2]=3\n",
        "if [[ $a =~ ^(b|c d)$ && ! ( -f $e || $g == @(h|i) ) ]] then j; fi\n",
        "for ((i = 0; i < 3; i++)) { a; }\nfor b; do c; done\nfor d in; do e; done\n",
        "((${a == 0)) && b=$((${c#x} + 1))\n",
        "((a << 2)) && b=$((c + (d)))\n((e); (f))\n",
        "a <<-'B' <<C && d <<<e\n\tif\n\tB\n$(\nC\nf=$(cat <<G\n)\nG\n)\n",
        "a() { b; } > c\nfunction d (e)\nfunction f() { g; }\n",
        "time -p ! a | b |& c &\n! \n",
        "exec {a}>&1 2>&1 8>&1 9>& 1>&2 &>b <>c >|d\n",
        "coproc a { b; }\ncoproc c\nselect d in e; do f; done\n",
        "diff <(a; b) >(c)\n",
        "echo \"${a:-\"b\"}\" \"$(c \"d)\")\" ${e//\\}/f} $\"g\" $$\n",
        "echo fi }\\\n done 'a\nb' a#b\n",
        "until a; do b; done < c\n",
    ] {
        assert_eq!(found(script), "nothing", "{script}");
    }
    // A quote is a character to `sh` here, and to bash the beginning of a text.
    assert!(fault("echo \"${a:-it's}\"\n", true).is_none() && fault("echo \"${a:-it's}\"\n", false).is_some());
    assert!(fault("echo \"${a#it's}\"\n", true).is_some());
}

#[test]
fn depth_and_length_are_let_pass() {
    const MANY: usize = 100_000;
    for opening in ["(", "$(", "((", "\"$(", "${", "if ", "{ ", "[[ ( ", "a=(", "`", "<(", "$((", "f() "] {
        let deep = opening.repeat(MANY);
        // That there is an end is all that is asked.
        let _ = fault(&deep, true);
        let _ = fault(&format!("{deep}\n{}", ")".repeat(MANY)), false);
    }
    assert_eq!(found(&"a <<E\nE\n".repeat(MANY)), "nothing");
    assert_eq!(
        found(&"if a; then b; fi | c && \\\n".repeat(MANY)),
        format!("{}: the script ends where a command is wanted", MANY + 1)
    );
}

proptest! {
    #[test]
    fn no_script_makes_it_panic(script in "(if|then|fi|do|done|case|esac|in|for|x|é|\\PC|[ \n\\\\'\"`$(){}<>&|;#=!\\[\\]]){0,60}") {
        let _ = fault(&script, false);
        let _ = fault(&script, true);
    }
}
