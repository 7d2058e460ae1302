// Tapedeck is a VCR for internet streams in the terminal: it speaks RTSP,
// HTTP and MMS itself, keeps what comes on a tape, and lets a local VLC decode it.
//
//	tapedeck my.m3u
//	tapedeck rtsp://camera/live
//	tapedeck play http://radio:8000/stream --json
//
// Package main holds the command line: one file for each subcommand, and the
// wiring of the parts.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"

	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// Exit statuses, as the README documents them.
const (
	exitDone     = 0
	exitFailed   = 1 // the stream failed
	exitUsage    = 2
	exitPlayer   = 3 // VLC is missing or unusable
	exitReserved = 4 // refused on purpose: a link for Flash players
)

const usage = `tapedeck: a VCR for internet streams in the terminal

  tapedeck [LIST|LINK ...]          the deck: browse lists, play, pause, seek, keep favourites
  tapedeck play   LINK              plays without a screen; reads pause, play, seek N, rate N, stop
  tapedeck probe  LINK              climbs the ladder from the name to the first picture, a rung a line
  tapedeck record LINK -o FILE      keeps what comes over the wire, in a container that plays
  tapedeck demo                     the deck on built-in servers, offline

Options:
`

// console is what a command may use of the world outside.
type console struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	screen bool // stdin and stdout are a terminal
}

// command is a subcommand. It returns the exit status.
type command func(ctx context.Context, c console, args []string) int

var commands = map[string]command{
	"play":   playCommand,
	"probe":  probeCommand,
	"record": recordCommand,
	"demo":   demoCommand,
}

func main() {
	// The tape and the copies of media dominate the heap: a tighter collector
	// costs little and keeps the program small.
	debug.SetGCPercent(50)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	c := console{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		screen: term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())),
	}
	status := run(ctx, c, os.Args[1:])
	stop()
	os.Exit(status)
}

// run chooses the command.
func run(ctx context.Context, c console, args []string) int {
	if len(args) > 0 {
		if command, ok := commands[args[0]]; ok {
			return command(ctx, c, args[1:])
		}
	}
	return deckCommand(ctx, c, args)
}

// options are the flags of all commands.
type options struct {
	vlc     string
	version bool
}

// newFlags returns a flag set that prints the usage, with the common flags.
func newFlags(c console, o *options) *pflag.FlagSet {
	flags := pflag.NewFlagSet("tapedeck", pflag.ContinueOnError)
	flags.SetOutput(c.stderr)
	flags.Usage = func() {
		fmt.Fprint(c.stderr, usage, flags.FlagUsages(), "\n", whereThingsAre())
	}
	flags.StringVar(&o.vlc, "vlc", "", "the VLC to use, instead of TAPEDECK_VLC, the config file's, or the one found")
	flags.BoolVar(&o.version, "version", false, "print the version and end")
	return flags
}

// parse parses args; a negative status means: go on.
func parse(c console, flags *pflag.FlagSet, o *options, args []string) int {
	switch err := flags.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		return exitDone
	case err != nil:
		fmt.Fprintln(c.stderr, "tapedeck:", plainer(err))
		return exitUsage
	case o.version:
		fmt.Fprintln(c.stdout, "tapedeck", version())
		return exitDone
	}
	return -1
}

// plainer says what to write where a time has no unit.
func plainer(err error) error {
	bad, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok || bad.GetFlag().Value.Type() != "duration" {
		return err
	}
	example := "30s, 5m or 1h30m"
	if n, err := strconv.Atoi(bad.GetValue()); err == nil && n > 0 {
		example = fmt.Sprintf("%ds, %dm or %dh", n, n, n)
	}
	return fmt.Errorf("--%s %s: a time has a unit: %s", bad.GetFlag().Name, bad.GetValue(), example)
}

// oneLink is the only argument of play, probe and record.
func oneLink(c console, flags *pflag.FlagSet) (string, bool) {
	if flags.NArg() != 1 {
		fmt.Fprintln(c.stderr, "tapedeck: one link is wanted; see tapedeck --help")
		return "", false
	}
	link := flags.Arg(0)
	if at, err := os.Stat(link); err == nil && at.Mode().IsRegular() {
		fmt.Fprintf(c.stderr, "tapedeck: %s is a file, and a link is wanted; a list, M3U or PLS, is opened with tapedeck FILE\n", link)
		return "", false
	}
	return link, true
}

// version is the module's, or the commit that the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return info.Main.Version
}
