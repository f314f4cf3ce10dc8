package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/refserver/store"
)

type cardSAM struct {
	Dir      string   `required:"" help:"Directory of the city." placeholder:"DIR"`
	Terminal hexBytes `required:"" help:"Number of the terminal, 6 bytes in hexadecimal, given to no other." placeholder:"HEX"`
	Out      string   `required:"" help:"File to write; missing." placeholder:"FILE"`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (cardSAM) Help() string {
	return `A gate takes money from cards with the purchase key and its own number, and with nothing else: it can neither load a card nor make a receipt. The file stands in for a module (PSAM, 终端安全存取模块): whoever has it can take money from every card that he holds in his hand.
Example:
    citycode card sam --dir shenyang --terminal 210100000007 --out gate.sam`
}

// A samFile is the module of a gate as a file.
type samFile struct {
	Terminal string `json:"terminal"`
	KeySet   byte   `json:"keySet"`
	Purchase string `json:"purchaseKey"`
	Gate     string `json:"gateKey"`
}

// Run writes the file.
func (c *cardSAM) Run(ctx context.Context, std *stdio) error {
	if len(c.Terminal) != len(purse.TerminalID{}) {
		return fmt.Errorf("--terminal has %d bytes, not 6", len(c.Terminal))
	}
	a, err := openWith(ctx, c.Dir, c.passphrase, c.moment)
	if err != nil {
		return err
	}
	defer a.Close()
	masters, err := store.OpenCardMasters(filepath.Join(a.secret, cardKeysName), a.phrase)
	if err != nil {
		return err
	}
	text := func(id app.KeyID) string {
		b := masters[id].Bytes()
		return hex.EncodeToString(b[:])
	}
	b, err := json.Marshal(samFile{hex.EncodeToString(c.Terminal), cardKeySet, text(app.KeyPurchase), text(app.KeyGate)})
	if err == nil {
		err = store.CreateFile(c.Out, b, store.Secret)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.Out, "terminal %x, check values: purchase %x, gate %x\n", []byte(c.Terminal),
		masters.CheckValue(app.KeyPurchase), masters.CheckValue(app.KeyGate))
	return err
}

var errSAM = errors.New("it is not a security module that card sam wrote")

const maxSAMFile = 4096

// openSAM reads a module.
func openSAM(path string, numbers sam.Numbers) (*sam.Software, error) {
	b, err := store.ReadFile(path, maxSAMFile)
	if err != nil {
		return nil, err
	}
	var f samFile
	var terminal purse.TerminalID
	if json.Unmarshal(b, &f) != nil || len(f.Terminal) != 2*len(terminal) {
		return nil, fmt.Errorf("%s: %w", path, errSAM)
	}
	if _, err := hex.Decode(terminal[:], []byte(f.Terminal)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, errSAM)
	}
	module, err := sam.NewSoftware(sam.Config{Role: sam.Gate, Terminal: terminal, Numbers: numbers})
	if err != nil {
		return nil, err
	}
	for usage, text := range map[sam.Usage]string{sam.Purchase: f.Purchase, sam.GateAccess: f.Gate} {
		raw, err := hex.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, errSAM) // without what stands there
		}
		k, err := key.New(key.SM4, raw)
		clear(raw)
		if err == nil {
			err = module.Inject(sam.Ref{Usage: usage, Version: f.KeySet, Algorithm: key.SM4}, k)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, errSAM)
		}
		k.Wipe()
	}
	return module, nil
}
