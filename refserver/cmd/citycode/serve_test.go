package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// served waits until a server has printed its address into a file, and puts it
// into a variable. Use: served file name ADDRESS
func scriptServed(ts *testscript.TestScript, neg bool, args []string) {
	for range 3000 {
		b, _ := os.ReadFile(ts.MkAbs(args[0]))
		if address, ok := strings.CutPrefix(string(b), args[1]+": "); ok && strings.HasSuffix(address, "\n") {
			ts.Setenv(args[2], strings.TrimSpace(address))
			// The next server writes the file anew.
			ts.Check(os.Remove(ts.MkAbs(args[0])))
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("no server has begun: %s", ts.ReadFile("log"))
}

// ask prints what is at an address. Use: ask URL
func scriptAsk(ts *testscript.TestScript, neg bool, args []string) {
	answer, err := http.Get(args[0])
	ts.Check(err)
	printAnswer(ts, answer)
}

// visit shows the code in a file at a terminal. Use: visit URL file action
func scriptVisit(ts *testscript.TestScript, neg bool, args []string) {
	b, err := json.Marshal(map[string]string{"code": ts.ReadFile(args[1]), "action": args[2]})
	ts.Check(err)
	answer, err := http.Post(args[0], "application/json", strings.NewReader(string(b)))
	ts.Check(err)
	printAnswer(ts, answer)
}

func printAnswer(ts *testscript.TestScript, answer *http.Response) {
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	ts.Check(err)
	_, err = fmt.Fprintf(ts.Stdout(), "%d %s", answer.StatusCode, b)
	ts.Check(err)
}
