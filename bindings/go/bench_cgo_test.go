//go:build cgo

package taskstate_test

import (
	"context"
	"path/filepath"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

// The status answer of tasks that are polled: go test -run NONE -bench Decide
func BenchmarkDecide(b *testing.B) {
	ctx := context.Background()
	tasks, err := taskstate.Open(filepath.Join(b.TempDir(), "tasks.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer tasks.Close()
	task, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate, PackageID: "pkg_1",
		PackageSlug: "a-package-of-some-length"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if tasks.Decide(ctx, "z1", task.ID, taskstate.Request{}).Status != 200 {
			b.Fatal("no task")
		}
	}
}
