//go:build cgo

package taskstate_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	taskstate "github.com/taskstate/taskstate-go"
)

// newFile makes a file with a task in it and changes its bytes.
func newFile(t *testing.T, change func([]byte) []byte) string {
	t.Helper()
	path := newPath(t)
	tasks, err := taskstate.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	create(t, tasks, "t1")
	if err := tasks.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesThatDoNotOpen(t *testing.T) {
	directory := t.TempDir()
	text := filepath.Join(directory, "text")
	if err := os.WriteFile(text, bytes.Repeat([]byte("no database "), 400), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := newFile(t, func(content []byte) []byte {
		// The row of taskstate_meta: the types of its values (SQLite file format, section 2.1), then schema, min_reader
		// and min_writer. min_reader becomes greater than any schema yet.
		row := []byte{0, 1, 1, 1, 77, 77, 8, 8, 8, 9, 2, 2, 2}
		if bytes.Count(content, row) != 1 {
			t.Fatal("the row of taskstate_meta is not where it was")
		}
		return bytes.Replace(content, row, []byte{0, 1, 1, 1, 77, 77, 8, 8, 8, 9, 2, 75, 2}, 1)
	})
	cases := map[string]taskstate.Code{
		"/nonexistent/catalog.db": taskstate.ErrUnavailable,
		"":                        taskstate.ErrInvalidArgument,
		"a\x00b":                  taskstate.ErrInvalidArgument,
		text:                      taskstate.ErrNotATaskstateFile,
		newer:                     taskstate.ErrSchemaTooNew,
	}
	for path, code := range cases {
		tasks, err := taskstate.Open(path)
		if tasks != nil {
			t.Errorf("%q opened", path)
		}
		wantError(t, err, code, "")
	}
}

func TestADamagedFile(t *testing.T) {
	path := newFile(t, func(content []byte) []byte {
		// Every page but the first.
		size := int(binary.BigEndian.Uint16(content[16:]))
		for i := size; i < len(content); i++ {
			content[i] = 0xff
		}
		return content
	})
	tasks, err := taskstate.Open(path)
	if err == nil {
		_, err = tasks.Get(ctx, "z1", "t1")
		_ = tasks.Close()
	}
	wantError(t, err, taskstate.ErrCorrupt, "")
}

func TestAFileThatIsReplaced(t *testing.T) {
	path := newPath(t)
	tasks := open(t, path)
	create(t, tasks, "t1")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	_, err := tasks.Start(ctx, "z1", "t1")
	wantError(t, err, taskstate.ErrMoved, "")
}
