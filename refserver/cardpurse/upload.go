package cardpurse

import (
	"context"
	"encoding/hex"

	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/scenarios/epurse"
)

// An Office takes batches: an [epurse.Office], or the way to one.
type Office interface {
	Upload(ctx context.Context, b epurse.Batch) (*epurse.Receipt, error)
}

// Upload sends everything that the journal of a terminal has pending, and lets it forget what was taken. What an error
// leaves is pending still, and may be sent again.
func Upload(ctx context.Context, office Office, id purse.TerminalID, j terminal.Journal) error {
	for {
		pending, err := j.Pending(ctx, epurse.MaxBatch)
		if err != nil || len(pending) == 0 {
			return err
		}
		batch := epurse.Batch{Terminal: hex.EncodeToString(id[:])}
		for _, c := range pending {
			claim, err := Claim(c)
			if err != nil {
				return err
			}
			batch.Claims = append(batch.Claims, claim)
		}
		if _, err := office.Upload(ctx, batch); err != nil {
			return err
		}
		if err := j.Acknowledge(ctx, pending); err != nil {
			return err
		}
	}
}
