package cardtest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/citizencode/citizencode/card/transport/pcsc"
)

// A client is a program that talks to a card through pcscd. It sends the commands to the card in the reader, in
// one session, and returns the answers as it shows them.
type client struct {
	name  string
	needs []string // command, Debian package; in pairs
	send  func(ctx context.Context, reader string, commands [][]byte) ([][]byte, error)
}

// scardVariable names the file of scardclient, which TestReaders builds.
const scardVariable = "CARDTEST_SCARD"

const python = "/usr/bin/python3" // Debian's own: another one in PATH has no pyscard

var clients = []client{
	{"pcsc (pure Go)", nil, sendPCSC},
	{"opensc-tool", []string{"opensc-tool", "opensc"}, sendOpenSC},
	{"scriptor", []string{"scriptor", "pcsc-tools"}, sendScriptor},
	{"pyscard", []string{python, "python3-pyscard"}, func(ctx context.Context, reader string, commands [][]byte) ([][]byte, error) {
		return sendLines(ctx, commands, python, "testdata/client.py", reader)
	}},
	{"ebfe/scard (cgo)", []string{"gcc", "gcc libc6-dev", "pkg-config", "pkg-config libpcsclite-dev"},
		func(ctx context.Context, reader string, commands [][]byte) ([][]byte, error) {
			return sendLines(ctx, commands, os.Getenv(scardVariable), reader)
		}},
}

func sendPCSC(ctx context.Context, reader string, commands [][]byte) (answers [][]byte, err error) {
	p, err := pcsc.Establish(ctx, pcsc.Options{})
	if err != nil {
		return nil, err
	}
	defer p.Close()
	c, err := p.Connect(ctx, reader, pcsc.Exclusive)
	if err != nil {
		return nil, err
	}
	for _, command := range commands {
		answer, err := c.TransmitContext(ctx, command)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return answers, c.Disconnect(pcsc.Reset)
}

// sendLines runs a program that reads a command a line and prints an answer a line.
func sendLines(ctx context.Context, commands [][]byte, program string, args ...string) (answers [][]byte, err error) {
	var in strings.Builder
	for _, command := range commands {
		fmt.Fprintf(&in, "%X\n", command)
	}
	out, err := run(ctx, in.String(), program, args...)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(out) {
		answer, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// Without -c default, opensc-tool first asks the card what it is, with half a dozen commands. All commands go in one
// call, because each call resets the card. It exits with 1 when the last command was not answered 9000.
func sendOpenSC(ctx context.Context, reader string, commands [][]byte) (answers [][]byte, err error) {
	args := []string{"-r", reader, "-c", "default"}
	for _, command := range commands {
		args = append(args, "-s", fmt.Sprintf("%X", command))
	}
	out, err := run(ctx, "", "opensc-tool", args...)
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		return nil, err
	}
	// After "Sending: …" come the status word and lines of at most 16 bytes: n times "XX " and n characters. From the
	// second line on the characters stand in column 48.
	status := regexp.MustCompile(`^Received \(SW1=0x(..), SW2=0x(..)\)`)
	var data []byte
	var sw string
	end := func() error {
		b, err := hex.DecodeString(sw)
		if sw != "" {
			answers = append(answers, append(data, b...))
		}
		data, sw = nil, ""
		return err
	}
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		switch m := status.FindStringSubmatch(line); {
		case m != nil:
			sw = m[1] + m[2]
		case strings.HasPrefix(line, "Sending:"):
			if err := end(); err != nil {
				return nil, err
			}
		default:
			n := len(line) / 4
			if len(data) > 0 {
				n = len(line) - 48
			}
			b, err := hex.DecodeString(strings.ReplaceAll(line[:max(0, min(3*n, len(line)))], " ", ""))
			if err != nil || sw == "" || len(b) != n {
				return nil, fmt.Errorf("opensc-tool printed %q", line)
			}
			data = append(data, b...)
		}
	}
	return answers, end()
}

func sendScriptor(ctx context.Context, reader string, commands [][]byte) (answers [][]byte, err error) {
	var in strings.Builder
	for _, command := range commands {
		fmt.Fprintf(&in, "% X\n", command)
	}
	out, err := run(ctx, in.String(), "scriptor", "-r", reader)
	if err != nil {
		return nil, err
	}
	// "< XX XX … XX : what it means", with a line break after every 16 bytes.
	for _, m := range regexp.MustCompile(`(?s)\n< ([0-9A-F\s]*) : `).FindAllStringSubmatch(out, -1) {
		answer, err := hex.DecodeString(strings.Join(strings.Fields(m[1]), ""))
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

func run(ctx context.Context, in, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin = strings.NewReader(in)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", program, err, &errors)
	}
	return string(out), err
}
