//! The program: reads the command line, does what it says, tells by its exit code how it went.

fn main() -> std::process::ExitCode {
    forewarn::cli::main()
}
