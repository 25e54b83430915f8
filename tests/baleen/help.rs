//! Help.

use crate::harness::Checkout;

#[test]
fn help_shows_the_commands_the_examples_and_the_exit_codes() {
    insta::assert_snapshot!(Checkout::new().run(&["--help"]).to_string(), @"
    $ baleen --help
    Infrastructure as code for video super-resolution on AWS

    Usage: baleen [OPTIONS] <COMMAND>

    Commands:
      list         Lists the environments, or the stacks of one
      synth        Synthesizes and checks the templates of an environment
      check        Checks templates: text, structure, references, and each resource against its schema
      diff         Compares templates: what changes, and what that does to what is deployed
      rehearse     Deploys to a simulated account: order, replacements, time, and what follows a fault
      deploy       Deploys stacks by change sets, independent ones at once
      permissions  Finds the least IAM policy that deploys an environment, or says what its roles may do
      status       Shows how the stacks stand, and who works on them
      events       Shows what happened to stacks
      drift        Compares what is deployed with what is there, property by property
      outputs      Shows what the deployed stacks put out
      open         Opens a page of the AWS console
      artifacts    Shows what the artifact bucket holds, and removes what nothing uses any more
      rollback     Leads stacks back to how they last stood
      import       Takes resources that exist over into a stack
      destroy      Deletes stacks, those that use others first
      swap         Moves new work step by step to the colour that idles, and makes it the live one
      submit       Uploads a video, which becomes a job
      jobs         Lists the jobs, the newest first, or shows one
      command      Runs the documents of the stack `commands` on instances, by Systems Manager
      doctor       Looks for what is missing, on this machine and in the environment's account
      local        Starts, shows and stops the local cloud of this checkout
      schema       Writes the JSON Schema of environments' files or of what a command writes
      completions  Writes a script that completes command lines
      help         Print this message or the help of the given subcommand(s)

    Options:
          --env <NAME>  The environment: the name of a file in `environments/`, without its extension;
                        or set `BALEEN_ENV`
          --json        Writes JSON: one document to standard output; events and errors, one a line, to
                        standard error
      -h, --help        Print help
      -V, --version     Print version

    Examples:
      baleen deploy --env local                       everything on this machine, without an account
      baleen submit clip.mp4 --env local --wait       enhance a video, and wait for it
      baleen synth --env dev --out out                write the templates of an environment
      baleen jobs --env dev --json | jq '.jobs[].id'  for scripts

    Exit codes:
        0  done; that there was nothing to change is done too
        1  failed
        2  the command line or an environment's file is wrong
        3  the templates have errors
        4  not approved
        5  the job, or the command on an instance, failed or was cancelled
      130  interrupted
    [exit status 0]
    ");
}

#[test]
fn help_of_a_command() {
    insta::assert_snapshot!(Checkout::new().run(&["deploy", "--help"]).to_string(), @"
    $ baleen deploy --help
    Deploys stacks by change sets, independent ones at once

    The account and the region of the credentials must be those of the environment, or nothing happens.
    Change sets are made first, where that is possible; what a stack does that has to wait for another
    one is predicted from its template, and compared with its change set when its turn comes. The whole
    plan is approved once, and nothing is done that is graver than it says. A stack that is needed and
    not deployed yet is deployed too; one that is deployed is only read. Ctrl-C once stops after what is
    under way, twice leaves that to itself. An interrupted deployment is continued by the next one.

    Usage: baleen deploy [OPTIONS] [STACK]...

    Arguments:
      [STACK]...
              The stacks to deploy; all if none is named

    Options:
          --env <NAME>
              The environment: the name of a file in `environments/`, without its extension; or set
              `BALEEN_ENV`

      -y, --yes
              Approves everything without asking

          --confirm <NAME>
              With `--yes`, where an environment asks for its name: that name

          --json
              Writes JSON: one document to standard output; events and errors, one a line, to standard
              error

          --plan-out <FILE>
              Plans, writes the plan to a file, and does nothing; its change sets are kept for `--plan`

          --plan <FILE>
              Does what a saved plan says, if everything is still as it was

          --allow-data-loss <LOGICAL_ID>
              Lets a resource that holds data be replaced or deleted, with what it holds; write
              `STACK.LOGICAL_ID` where two stacks have one of that name

          --concurrency <N>
              How many stacks are worked on at once, at most; 4 where nothing is said

          --role <ARN>
              Has CloudFormation work by this role; by default with your own rights, or by the role that
              a stack has already

          --in-place
              Changes the live colour, too, at once; otherwise it is left alone, and a swap brings what
              is new

          --parameter <STACK.NAME=VALUE>
              Gives a parameter of a stack a value; those not given keep theirs

          --keep-agent
              Leaves each fleet the agent that its instances install now, instead of the one that `cargo
              xtask bundle` has built

          --wait-lock
              Waits for as long as someone else works on the environment

          --steal-lock
              Takes the environment's lock away from whoever holds it

      -h, --help
              Print help (see a summary with '-h')

    Examples:
      baleen deploy --env local --yes                        everything on this machine
      baleen deploy --env dev                                shows the whole plan, and asks once
      baleen deploy jobs --env dev                           one stack, and what it needs
      baleen deploy --env dev --parameter fleet-blue.Minimum=2
      baleen deploy --env prod --plan-out plan.json          plans, and does nothing
      baleen deploy --env prod --plan plan.json              does exactly that
      baleen deploy --env dev --allow-data-loss storage.Sources
    [exit status 0]
    ");
}

#[test]
fn help_of_running_a_command() {
    insta::assert_snapshot!(Checkout::new().run(&["command", "run", "--help"]).to_string(), @r#"
        $ baleen command run --help
        Runs a document on instances, and shows what it says

        Parameters are checked against the document as it is deployed, and SSM agents that are too old for
        it are refused, before anything is sent. A command that was sent goes on by itself, also where this
        program is interrupted. The exit code is 0 only if it succeeded on every instance, and 5 if it did
        not.

        Usage: baleen command run [OPTIONS] <--instance <ID>|--tag <KEY=VALUE>> <DOCUMENT>

        Arguments:
          <DOCUMENT>
                  The document, by its name in the template (`EnhanceBluewhale`, `enhance-bluewhale`) or in
                  Systems Manager

        Options:
              --env <NAME>
                  The environment: the name of a file in `environments/`, without its extension; or set
                  `BALEEN_ENV`

              --instance <ID>
                  An instance, of the environment or not; may be given several times

              --json
                  Writes JSON: one document to standard output; events and errors, one a line, to standard
                  error

              --tag <KEY=VALUE>
                  The instances of the environment that are online and have this tag; given several times,
                  all of the tags

              --param <NAME=VALUE>
                  A parameter of the document; several times for one that is a list. Object keys are given
                  as they are

              --document-version <VERSION>
                  A version of the document; by default the one that was deployed last

          -h, --help
                  Print help (see a summary with '-h')

        Examples:
          baleen command run diagnostics --tag colour=blue --env dev
          baleen command run drain-agent --instance i-0123456789abcdef0 --param DrainSeconds=60 --env dev
          baleen command run enhance-bluewhale --instance i-0123456789abcdef0 --env dev \
            --param SourceBucket=my-sources --param SourceKey='incoming/my clip.mp4' \
            --param OutputBucket=my-results --param OutputKey=clip_sr.mp4
        [exit status 0]
    "#);
}

#[test]
fn every_command_has_examples() {
    let checkout = Checkout::new();
    let help = checkout.run(&["--help"]).success().stdout;
    let commands = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("the commands");
    let names: Vec<_> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 12, "{names:?}");
    assert!(!names.contains(&"agent"), "the agent is hidden");
    for name in names.into_iter().filter(|name| *name != "help") {
        let help = checkout.run(&[name, "--help"]).success().stdout;
        assert!(help.contains(&format!("Examples:\n  baleen {name}")), "{help}");
    }
}
