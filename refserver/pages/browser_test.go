package pages

import (
	"context"
	"image"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A visitor is somebody with a browser in front of the page.
type visitor struct {
	*testing.T
	*house
	ctx context.Context
	url string

	mu         sync.Mutex
	complaints []string // of the browser about the page
}

// visit serves the pages as the command does and opens them in a Chromium with
// a profile of its own. Without Chromium the test is skipped, and fails where
// CI=true.
func visit(t *testing.T, flags ...chromedp.ExecAllocatorOption) *visitor {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is missing, which CI=true does not allow")
		}
		t.Skip("chromium is missing: the page is not opened in a browser")
	}
	v := &visitor{T: t, house: newHouse(t)}
	v.refresh = 2 * time.Second
	v.serve()
	options := append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.WindowSize(1100, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), // a container's is small
	}, flags...)
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	v.ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Listen(v.ctx, v.hear))
	v.do(chromedp.Navigate(v.url))
	v.until(`document.getElementById("code").naturalWidth > 0`)
	return v
}

func (v *visitor) serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(v, err)
	v.url = address(listener.Addr())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, listener, v.Server, v.log) }()
	v.Cleanup(func() {
		cancel()
		require.NoError(v, <-done)
	})
}

// hear notes what the browser has against the page: a script that fails, or
// one that the policy forbids.
func (v *visitor) hear(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			v.complaints = append(v.complaints, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		v.complaints = append(v.complaints, e.ExceptionDetails.Text)
	}
}

func (v *visitor) do(steps ...chromedp.Action[chromedp.Void]) {
	v.Helper()
	require.NoError(v, chromedp.Do(v.ctx, steps...))
}

// until waits for an expression of the page to become true.
func (v *visitor) until(expression string) {
	v.Helper()
	var last error
	for range 200 {
		yes, err := chromedp.Run(v.ctx, chromedp.Evaluate[bool](expression))
		if err == nil && yes {
			return
		}
		last = err
		time.Sleep(50 * time.Millisecond)
	}
	said, _ := chromedp.Run(v.ctx, chromedp.Evaluate[string](`document.getElementById("verdict").innerText`))
	require.Fail(v, "the page does not come to it", "%s\nthe panel says: %s\n%v\n%v", expression, said, last, v.complaints)
}

// says waits for a verdict and returns what the panel shows.
func (v *visitor) says(reason string) string {
	v.Helper()
	v.until(`document.getElementById("verdict").dataset.reason === "` + reason + `"`)
	said, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](`document.getElementById("verdict").innerText`))
	require.NoError(v, err)
	return said
}

func (v *visitor) choose(name, value string) {
	v.Helper()
	v.do(chromedp.Click(`input[name="` + name + `"][value="` + value + `"] + span`))
}

func (v *visitor) file(name string, content []byte) string {
	v.Helper()
	path := filepath.Join(v.TempDir(), name)
	require.NoError(v, os.WriteFile(path, content, 0o600))
	return path
}

func (v *visitor) upload(path string) {
	v.Helper()
	v.do(chromedp.SetUploadFiles("#file", []string{path}))
}

// A code on the screen is photographed, uploaded, accepted, and refused the
// second time.
func TestBrowser(t *testing.T) {
	v := visit(t)
	screenshot, err := chromedp.Run(v.ctx, chromedp.Screenshot("#code"))
	require.NoError(t, err)
	path := v.file("screenshot.png", screenshot)
	v.upload(path)
	said := v.says("ok")
	assert.Contains(t, said, "通过")
	assert.Contains(t, said, "Accepted")
	assert.Contains(t, said, "请上车")

	v.clock.Advance(5 * time.Second)
	v.upload(path)
	said = v.says("replayed")
	assert.Contains(t, said, "拒绝")
	assert.Contains(t, said, "Refused")
	assert.Contains(t, said, "此码已使用")

	v.upload(v.file("sky.png", asPNG(t, image.NewGray(image.Rect(0, 0, 200, 200)))))
	assert.Contains(t, v.says("no-code"), "没有看到二维码")

	v.upload(v.file("letter.png", []byte("a letter")))
	said = v.says("picture-unreadable")
	assert.Contains(t, said, "无法读取图片")
	assert.Contains(t, said, "Not decided")

	v.next(func() {}) // the code refreshes by itself

	// The desk works with its network only.
	v.choose("profile", "medical")
	v.until(`document.getElementById("code").dataset.profile === "medical"`)
	v.choose("gate", "desk")
	v.until(`document.getElementById("network").checked`)
	v.do(chromedp.Click("#present"))
	assert.Contains(t, v.says("ok"), "您是 1 号")
	v.do(chromedp.Click(".switch i"))
	v.until(`document.querySelector('input[value="desk"]').dataset.network === "none"`)
	v.clock.Advance(5 * time.Second)
	v.next(func() { v.do(chromedp.Click("#refresh")) })
	v.do(chromedp.Click("#present"))
	assert.Contains(t, v.says("online-required"), "需要联网")

	rows, err := chromedp.Run(v.ctx, chromedp.Evaluate[int](`document.querySelectorAll("#list li").length`))
	require.NoError(t, err)
	assert.Equal(t, 5, rows, "verdicts are listed, a file that is no picture is none")
	v.mu.Lock()
	defer v.mu.Unlock()
	assert.Empty(t, v.complaints)
}

// next does something after which there is another code on the screen.
func (v *visitor) next(act func()) {
	v.Helper()
	before, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](`document.getElementById("code").src`))
	require.NoError(v, err)
	act()
	v.until(`document.getElementById("code").src !== "` + before + `" && document.getElementById("code").naturalWidth > 0`)
}

// film opens the camera until it has seen something. On a busy machine the
// browser's fake device now and then delivers no picture at all; a person would
// press the button again.
func (v *visitor) film() {
	v.Helper()
	for range 3 {
		v.do(chromedp.Click("#camera"))
		for range 160 {
			seen, err := chromedp.Run(v.ctx, chromedp.Evaluate[bool](`document.getElementById("verdict").dataset.reason === "ok"`))
			if err == nil && seen {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		v.do(chromedp.Click("#camera")) // closes it
	}
}

// The camera films a phone with a code on it.
func TestBrowserCamera(t *testing.T) {
	film := filepath.Join(t.TempDir(), "phone.mjpeg")
	require.NoError(t, os.WriteFile(film, asJPEG(t, image.NewGray(image.Rect(0, 0, 640, 480))), 0o600))
	v := visit(t, chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film))
	frame := asJPEG(t, onGrey(v.shown(t, "universal"), 640, 480))
	require.NoError(t, os.WriteFile(film, frame, 0o600))
	v.film()
	assert.Contains(t, v.says("ok"), "通过")
	v.until(`document.getElementById("video").hidden && document.getElementById("camera").getAttribute("aria-pressed") === "false"`)
	v.mu.Lock()
	defer v.mu.Unlock()
	assert.Empty(t, v.complaints)
}
