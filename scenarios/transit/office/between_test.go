package office_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// A between store lets something happen in the middle of what an office does.
type between struct {
	eventlog.Store
	read   func(stream string, after int64, limit int)
	append func(events []eventlog.Event)
}

func (b *between) Read(ctx context.Context, stream string, after int64, limit int) ([]eventlog.Event, error) {
	page, err := b.Store.Read(ctx, stream, after, limit)
	if b.read != nil {
		b.read(stream, after, limit)
	}
	return page, err
}

func (b *between) Append(ctx context.Context, stream string, after int64, events []eventlog.Event) error {
	if b.append != nil {
		b.append(events)
	}
	return b.Store.Append(ctx, stream, after, events)
}

// TestBookChecked: a tap that arrives when the codes have just been verified again
// is verified too before it costs anybody anything.
func TestBookChecked(t *testing.T) {
	r := newRecording(t, "gate A")
	store := &between{Store: eventlog.NewMemory()}
	d := open(t, func(c *office.Config) { c.Judge, c.Events = r.sets.verifier, store })
	d.send(r.board(r.rider(citycode.ProfileTransit)))
	forged := flip(r.board(r.rider(citycode.ProfileTransit)), 1)
	store.read = func(stream string, after int64, limit int) {
		if !strings.HasPrefix(stream, "transit/town/") || after == 0 || limit > 100 {
			return // not Recheck that looks for the next taps, and finds none
		}
		store.read = nil
		d.send(forged)
	}
	b := d.book(30)
	require.Nil(t, store.read, "nothing came in between")
	assert.EqualValues(t, 100, b.Fen)
	assert.Equal(t, 1, b.Refused)
	assert.Equal(t, "bad-holder-signature", refusedCodes(d)[forged.Key])
	d.zero(22)
}

// TestArchiveBetween: a tap that arrives while its month is archived is either
// booked or refused, and never taken and forgotten.
func TestArchiveBetween(t *testing.T) {
	for _, kind := range []string{"fares", "ended", "month-archived"} {
		t.Run(kind, func(t *testing.T) {
			store := &between{Store: eventlog.NewMemory()}
			d := open(t, func(c *office.Config) { c.Events = store })
			d.now = at(32, "12:00") // in December
			first, late := d.newTap(1, tap.Board, "A", at(22, "09:00")), d.newTap(2, tap.Board, "A", at(22, "10:00"))
			d.send(first)
			d.send(d.newTap(3, tap.Board, "A", d.now))
			var receipt *office.Receipt
			store.append = func(events []eventlog.Event) {
				if events[0].Kind != kind {
					return
				}
				store.append = nil
				other := *d
				other.cfg.Events = store.Store // another process
				other.reopen()
				var err error
				receipt, err = other.Upload(t.Context(), tap.Batch{Gate: late.Gate, Taps: []tap.Tap{late}})
				require.NoError(t, err)
			}
			require.NoError(t, d.Archive(t.Context(), office.ArchiveRequest{Month: "2026-11"}))
			require.NotNil(t, receipt, "nothing came in between")
			assert.EqualValues(t, 100, d.owes(1))
			if kind == "month-archived" {
				assert.Zero(t, receipt.New)
				require.Len(t, receipt.NotTaken, 1)
				assert.Equal(t, office.TooLate, receipt.NotTaken[0].Reason)
				assert.Zero(t, d.owes(2))
			} else {
				assert.Equal(t, 1, receipt.New)
				assert.EqualValues(t, 100, d.owes(2))
			}
		})
	}
}
