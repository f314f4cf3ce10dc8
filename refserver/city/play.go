package city

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A FailedError says that steps of the day ended otherwise than the script
// says. A command that is handed one exits with status 1.
type FailedError struct {
	Steps []int // by number, from 1
	Of    int
}

// Error names the steps.
func (e *FailedError) Error() string {
	return fmt.Sprintf("city: %d of %d steps ended otherwise than the script says: %s", len(e.Steps), e.Of,
		strings.Trim(fmt.Sprint(e.Steps), "[]"))
}

// ExitCode returns 1.
func (e *FailedError) ExitCode() int { return 1 }

// Play founds a city, plays the day, and the day after at servers over HTTP, and
// writes one line for each step to w. The error is a *FailedError if a step ended otherwise than the script says.
func Play(ctx context.Context, w io.Writer, cfg Config) error {
	c, err := New(cfg)
	if err != nil {
		return err
	}
	steps, err := c.Day()
	if err != nil {
		return err
	}
	failed := new(FailedError)
	if err := c.play(ctx, w, steps); err != nil && !errors.As(err, &failed) {
		return err
	}
	played, more, err := c.playServers(ctx, w, len(steps))
	if err != nil {
		return err
	}
	failed.Of = len(steps) + played
	if failed.Steps = append(failed.Steps, more...); len(failed.Steps) > 0 {
		return failed
	}
	return nil
}

func (c *City) play(ctx context.Context, w io.Writer, steps []Step) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "市民码 一座小城的一天 · Citizen code: one day of a small city\n")
	fmt.Fprintf(out, "%s · 人物均为虚构，密钥为本次随机生成 · All people are invented; the keys were drawn for this run.\n", c.Now().Format("2006-01-02 -07:00"))
	fmt.Fprintf(out, "每一步都画出真实二维码图片，再从图片识读、验签、判定；刷卡的步骤由模拟卡应答每条指令。\nEvery step draws a real QR picture, reads it back, verifies it and decides; where a card is tapped, an emulated card answers every command.\n\n")
	writeRow(out, [columns]string{"", "时间", "谁", "在哪里", "网络", "结果", "原因", "用时", "发生了什么"})
	writeRow(out, [columns]string{"#", "time", "who", "where", "network", "verdict", "reason", "took", "what happens"})
	var failed []int
	var decided []time.Duration
	for i := range steps {
		// Between two steps only: a step that has begun is finished and printed.
		if err := ctx.Err(); err != nil {
			out.Flush()
			return err
		}
		s := &steps[i]
		r := c.Run(ctx, s)
		writeRow(out, row(i+1, s, r))
		if r.Err != nil {
			failed = append(failed, i+1)
			fmt.Fprintf(out, "    ! %v\n", r.Err)
		} else {
			decided = append(decided, r.Decided)
		}
		// A reader watches the day go by.
		if err := out.Flush(); err != nil {
			return fmt.Errorf("city: write: %w", err)
		}
	}
	if len(failed) > 0 {
		fmt.Fprintf(out, "\n✗ %d 步中有 %d 步与剧本不符 · %d of %d steps ended otherwise than the script says\n", len(steps), len(failed), len(failed), len(steps))
	} else {
		slices.Sort(decided)
		fmt.Fprintf(out, "\n✓ %d 步全部与剧本一致 · all %d steps ended as the script says\n", len(steps), len(steps))
		fmt.Fprintf(out, "  闸机从图片到判定，中位数 %s · from picture to decision at the gate, median %s\n", milliseconds(decided[len(decided)/2]), milliseconds(decided[len(decided)/2]))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("city: write: %w", err)
	}
	if len(failed) > 0 {
		return &FailedError{failed, len(steps)}
	}
	return nil
}

const columns = 9

// widths of the columns in character cells; the last one is as wide as it is.
var widths = [columns]int{3, 8, 12, 25, 7, 13, 21, 9, 0}

func row(n int, s *Step, r *Result) [columns]string {
	network := "none"
	if s.Online {
		network = "online"
	}
	at := time.Time{}.Add(s.At).Format(time.TimeOnly)
	cells := [columns]string{fmt.Sprint(n), at, s.Who, s.Gate.Name.Zh + " " + s.Gate.Name.En, network, "! 故障 fault", "-", "-", s.What.Zh + " · " + s.What.En}
	if d := r.Decision; d != nil {
		v := verdictOf(Want{d.Allow, d.Reason, d.Repeated})
		cells[5], cells[6], cells[7] = v.Zh+" "+v.En, d.Reason, milliseconds(r.Took)
	}
	return cells
}

func verdictOf(w Want) scenarios.Text {
	switch {
	case w.Repeated && w.Allow:
		return scenarios.Text{Zh: "✓ 同前", En: "same"}
	case w.Repeated:
		return scenarios.Text{Zh: "✗ 同前", En: "same"}
	case w.Allow:
		return scenarios.Text{Zh: "✓ 通过", En: "allow"}
	default:
		return scenarios.Text{Zh: "✗ 拒绝", En: "refuse"}
	}
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// writeRow pads every cell to its column. Numbers stand on the right.
func writeRow(w io.Writer, cells [columns]string) {
	var line strings.Builder
	for i, cell := range cells {
		pad := strings.Repeat(" ", max(0, widths[i]-cellsOf(cell)))
		switch i {
		case 0, 7:
			line.WriteString(pad + cell + "  ")
		case columns - 1:
			line.WriteString(cell)
		default:
			line.WriteString(cell + pad + "  ")
		}
	}
	fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
}

// cellsOf returns how many character cells of a terminal s takes. Han
// characters and full-width signs take two.
func cellsOf(s string) (n int) {
	for _, r := range s {
		n++
		if r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6) {
			n++
		}
	}
	return n
}
