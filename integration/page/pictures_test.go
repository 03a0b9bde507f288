package page

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/page/sample"
	"github.com/otdemo/otdemo/pkg/trace"
)

// maxPicture bounds a picture, in bytes: they are kept in the repository.
const maxPicture = 120_000

// TestPictures takes the pictures of the documents, light and dark, into
// OTDEMO_SCREENSHOTS, or nowhere.
func TestPictures(t *testing.T) {
	dir := os.Getenv("OTDEMO_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	s := backend(t)
	s.call(t)
	spoil(t, s.addrs["agent-compact"], 3)
	now := time.Now()
	for i, slower := range []int{15, 60, 5, 0, 320, 40, 0, 25, 90, 10, 0, 120} {
		s.send(t, sample.Shop(pictured(i), now.Add(time.Duration(i-14)*4*time.Second), slower))
	}
	a, b := pictured(6), pictured(11)
	v := open(t, s.url, "/search")
	v.must(v.Resize(1200, 780))
	for _, tt := range []struct{ name, path, words string }{
		{"search", "/search?service=web", "12 traces"},
		{"trace", "/trace/" + b.String(), "charge card"},
		{"span", "/trace/" + b.String() + "?span=000000000000000b", "upstream is busy"},
		{"compare", "/compare?a=" + a.String() + "&b=" + b.String(), "charge card"},
		{"services", "/dependencies", "payment"},
		{"loss", "/loss", "Lost since"},
	} {
		for _, theme := range []string{"light", "dark"} {
			v.must(v.Dark(theme == "dark"))
			v.visit(tt.path)
			v.sees(tt.words)
			v.must(v.Evaluate(twoFrames, nil))
			content, err := v.Picture()
			v.must(err)
			content = small(t, content)
			if len(content) > maxPicture {
				t.Errorf("the picture of %s, %s, has %d bytes, want up to %d", tt.name, theme, len(content), maxPicture)
			}
			name := "page-" + tt.name + "-" + theme + ".png"
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// pictured returns ids as tracers make them.
func pictured(n int) trace.TraceID {
	const golden = 0x9e3779b97f4a7c15
	return trace.TraceID{High: uint64(n+3) * golden, Low: uint64(n+7) * golden}
}

// small writes a PNG again with the 256 colors that it has most of, and their likes
// in the place of others.
func small(t *testing.T, content []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	bounds := full.Bounds()
	count := make(map[color.Color]int)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[full.At(x, y)]++
		}
	}
	most := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return cmp.Compare(count[b], count[a]) })
	reduced := image.NewPaletted(bounds, color.Palette(most[:min(256, len(most))]))
	nearest := make(map[color.Color]uint8, len(count))
	for _, c := range most {
		nearest[c] = uint8(reduced.Palette.Index(c))
	}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			reduced.SetColorIndex(x, y, nearest[full.At(x, y)])
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, reduced); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
