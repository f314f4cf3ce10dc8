// Command citycode is the citizen code in files: it makes the keys and lists of
// a city, issues credentials, asks for codes, shows, verifies and inspects them.
//
// Exit codes: 0 done or valid, 1 refused, 2 fault or wrong usage.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// A stdio is what a command reads and writes.
type stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// A cli lists the commands.
type cli struct {
	Keys      keysCmd      `cmd:"" help:"Make the keys, the register and the lists of a new city."`
	Lists     listsCmd     `cmd:"" help:"Sign the city's lists again, change its roots, exchange lists."`
	Issue     issueCmd     `cmd:"" help:"Issue a credential to a new wallet, or a static code to a file."`
	Migrate   migrateCmd   `cmd:"" help:"Bring the users of an existing code over."`
	Revoke    revokeCmd    `cmd:"" help:"Revoke, suspend or resume a credential."`
	Challenge challengeCmd `cmd:"" help:"Draw a challenge for one code."`
	Show      showCmd      `cmd:"" help:"Sign one code now and draw it."`
	Verify    verifyCmd    `cmd:"" help:"Decide about a picture, a text or the bytes of a code."`
	Inspect   inspectCmd   `cmd:"" help:"Name every byte of a code, a credential or a list."`
	Demo      demoCmd      `cmd:"" help:"Play a small city."`
	Serve     serveCmd     `cmd:"" help:"Serve a hospital, a car park or a transit operator over HTTP."`
	Card      cardCmd      `cmd:"" help:"Make, emulate, read and tap cards."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], &stdio{os.Stdin, os.Stdout, os.Stderr}))
}

// run runs one command and returns the exit code.
func run(ctx context.Context, args []string, std *stdio) (code int) {
	defer func() {
		// A stack trace helps nobody at a counter and may show what was scanned.
		if fault := recover(); fault != nil {
			code = report(std, fmt.Errorf("internal fault: %.200v", fault))
		}
	}()
	helped := false
	parser, err := kong.New(new(cli),
		kong.Name("citycode"),
		kong.Description("The citizen code (市民码) in files: keys, credentials, codes and verdicts."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Writers(std.Out, std.Err),
		kong.Exit(func(int) { helped = true }),
		kong.Bind(std),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return report(std, err)
	}
	command, err := parser.Parse(args)
	switch {
	case helped:
		return exitDone
	case err != nil:
		return report(std, fmt.Errorf("%w (see citycode --help)", err))
	}
	return report(std, command.Run())
}

// Exit codes.
const (
	exitDone    = 0
	exitRefused = 1
	exitFault   = 2
)

// A refusal is an answer, not a fault: what was shown is not accepted. Where
// the answer stands on stdout already, it has no text.
type refusal string

func (r refusal) Error() string { return string(r) }

// ExitCode makes it one.
func (r refusal) ExitCode() int { return exitRefused }

// report prints an error as one line and returns the exit code.
func report(std *stdio, err error) int {
	if err == nil {
		return exitDone
	}
	if line := oneLine(err.Error()); line != "" {
		fmt.Fprintln(std.Err, "citycode: "+line)
	}
	var parse *kong.ParseError // has an exit code of its own
	var coder interface{ ExitCode() int }
	if errors.As(err, &coder) && !errors.As(err, &parse) {
		return coder.ExitCode()
	}
	return exitFault
}

// oneLine keeps an error on one line, whatever a file is called, and takes out
// the package's name, which is also the command's and stands in front already.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	return strings.ReplaceAll(text, "citycode: ", "")
}
