package sm2verify

import (
	"crypto/rand"
	"fmt"
	"testing"
)

func BenchmarkBatch(b *testing.B) {
	items := signedItems(b, 1024, 1024)
	run := func(name string, items []Item) {
		batch := NewBatch(rand.Reader)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				batch.Verify(items)
			}
			for i := range items {
				if !items[i].Valid {
					b.Fatal(i)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(items)), "us/sig")
		})
	}
	for _, n := range []int{16, 32, 64, 128, 256, 512, 1024} {
		run(fmt.Sprintf("hinted %d", n), items[:n])
	}
	one := signedItems(b, 1024, 1)
	for _, width := range []int{Narrow, Wide, Widest} {
		k, err := one[0].Key.WithTable(width)
		if err != nil {
			b.Fatal(err)
		}
		for i := range one {
			one[i].Key = k
		}
		for _, n := range []int{8, 16, 64, 128, 256, 1024} {
			run(fmt.Sprintf("known %d %d", width, n), one[:n])
		}
		b.Run(fmt.Sprintf("single %d", width), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				it := &one[i%1024]
				if !it.Key.Verify(&it.Digest, &it.Signature) {
					b.Fatal()
				}
			}
		})
	}
	b.Run("single unknown", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			it := &items[i%1024]
			if !it.Key.Verify(&it.Digest, &it.Signature) {
				b.Fatal()
			}
		}
	})
	b.Run("single small", func(b *testing.B) {
		k, _ := one[0].Key.WithTable(Small)
		for i := 0; b.Loop(); i++ {
			it := &one[i%1024]
			if !k.Verify(&it.Digest, &it.Signature) {
				b.Fatal()
			}
		}
	})
}
