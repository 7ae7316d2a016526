//go:build cgo

package taskstate_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	taskstate "github.com/taskstate/taskstate-go"
)

// What a host, its shell and its mounts do to a process: standard descriptors that are closed, descriptors that are
// others' now, a limit on the size of files, and a place where nothing can be written.
func init() {
	children["mutter"] = muttering
	children["daemonize"] = closeAllOthers
	children["limited"] = underASizeLimit
	children["mounted"] = readWhereNothingCanBeWritten
}

const words = "a warning of some library\n"

// muttering writes to the standard descriptors, whatever they are, after each step.
func muttering(args []string) error {
	mutter := func() {
		for standard := 0; standard < 3; standard++ {
			_, _ = syscall.Write(standard, bytes.Repeat([]byte(words), 1000))
		}
	}
	for standard, closed := range args[1] {
		if closed == 'x' {
			_ = syscall.Close(standard)
		}
	}
	tasks, err := taskstate.Open(args[0])
	if err != nil {
		return err
	}
	mutter()
	steps := []func() error{
		func() error {
			_, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: "t", Operation: taskstate.OpCreate})
			return err
		},
		func() error { _, err := tasks.Start(ctx, "z1", "t"); return err },
		func() error {
			_, err := tasks.Complete(ctx, "z1", "t", taskstate.Update{InstallID: "ins_1"})
			return err
		},
		func() error { return tasks.Backup(ctx, args[0]+".copy") },
		tasks.Close,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
		mutter()
	}
	return nil
}

func TestStandardDescriptorsThatAreClosed(t *testing.T) {
	for _, closed := range []string{"x..", ".x.", "..x", "xx.", ".xx", "xxx"} {
		path := newPath(t)
		command := child("mutter", path, closed)
		command.Stderr = nil // os.DevNull, as the others
		if err := command.Run(); err != nil {
			t.Fatal(closed, err)
		}
		files, err := filepath.Glob(path + "*")
		if err != nil || len(files) < 2 {
			t.Fatal(closed, files, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil || bytes.Contains(content, []byte(words)) {
				t.Errorf("%s: the host's words are in %s, %v", closed, file, err)
			}
		}
		for _, file := range []string{path, path + ".copy"} {
			tasks := open(t, file)
			report, err := tasks.Verify(ctx)
			if err != nil || !report.OK {
				t.Fatal(closed, report, err)
			}
			task, err := tasks.Get(ctx, "z1", "t")
			if err != nil || task.InstallID != "ins_1" {
				t.Fatal(closed, task, err)
			}
		}
	}
}

// closeAllOthers closes the database's descriptors, as a daemon does that closes all, and opens files of its own in
// their place. The Go runtime's own stay, since it ends a process that has lost them.
func closeAllOthers(args []string) error {
	tasks, err := taskstate.Open(args[0])
	if err != nil {
		return err
	}
	if _, err := tasks.Get(ctx, "z1", "t"); err != nil {
		return err
	}
	var taken []int
	for descriptor := 3; descriptor < 200; descriptor++ {
		name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(descriptor))
		if err == nil && strings.HasPrefix(name, args[0]) {
			taken = append(taken, descriptor)
		}
	}
	if len(taken) < 3 {
		return fmt.Errorf("only the descriptors %v", taken)
	}
	for _, descriptor := range taken {
		log := filepath.Join(args[1], strconv.Itoa(descriptor))
		opened, err := syscall.Open(log, syscall.O_RDWR|syscall.O_CREAT, 0o600)
		if err != nil {
			return err
		}
		if _, err := syscall.Write(opened, []byte("a line")); err != nil {
			return err
		}
		if err := syscall.Dup3(opened, descriptor, 0); err != nil {
			return err
		}
		_ = syscall.Close(opened)
	}
	for name, call := range map[string]func() error{
		"create": func() error {
			_, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", Operation: taskstate.OpCreate})
			return err
		},
		"get":    func() error { _, err := tasks.Get(ctx, "z1", "t"); return err },
		"verify": func() error { _, err := tasks.Verify(ctx); return err },
	} {
		var failure *taskstate.Error
		if err := call(); !errors.As(err, &failure) || failure.Outcome != taskstate.NotDone ||
			!strings.Contains(err.Error(), "open the file anew") {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := tasks.Close(); err != nil {
		return err
	}
	var info syscall.Stat_t
	for _, descriptor := range taken {
		if err := syscall.Fstat(descriptor, &info); err != nil {
			return fmt.Errorf("the host's descriptor %d: %w", descriptor, err)
		}
	}
	return nil
}

func TestDescriptorsThatAreTheHostsNow(t *testing.T) {
	path, logs := newPath(t), t.TempDir()
	first := open(t, path)
	create(t, first, "t")
	if out, err := child("daemonize", path, logs).Output(); err != nil {
		t.Fatal(err, string(out))
	}
	names, err := filepath.Glob(logs + "/*")
	if err != nil || len(names) < 3 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if content, err := os.ReadFile(name); err != nil || string(content) != "a line" {
			t.Errorf("%s: %d bytes, %v", name, len(content), err)
		}
	}
	create(t, first, "after")
	if report, err := first.Verify(ctx); err != nil || !report.OK {
		t.Fatal(report, err)
	}
}

// underASizeLimit sees the error alone: Go lets no SIGXFSZ end a process.
func underASizeLimit(args []string) error {
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	tasks, err := taskstate.Open(args[0])
	if err != nil {
		return err
	}
	insert := func(id string, size int) error {
		_, err := tasks.Create(ctx, taskstate.NewTask{ZoneID: "z1", ID: id, Operation: taskstate.OpCreate, Payload: make([]byte, size)})
		return err
	}
	if err := insert("before", 10); err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	lifted := limit
	limit.Cur = 1_000_000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	stored := 0
	for err = nil; err == nil && stored < 1000; stored++ {
		err = insert(fmt.Sprint("t", stored), size)
	}
	var failure *taskstate.Error
	if !errors.Is(err, taskstate.ErrDiskFull) || !errors.As(err, &failure) || failure.Outcome != taskstate.NotDone {
		return fmt.Errorf("task %d: %v", stored, err)
	}
	if _, err := tasks.Get(ctx, "z1", fmt.Sprint("t", stored-1)); !errors.Is(err, taskstate.ErrNotFound) {
		return fmt.Errorf("what was not done: %v", err)
	}
	if answer := tasks.Decide(ctx, "z1", "before", taskstate.Request{}); answer.Status != 200 {
		return fmt.Errorf("reading: %d", answer.Status)
	}
	if err := insert("again", 900_000); !errors.Is(err, taskstate.ErrDiskFull) {
		return fmt.Errorf("a second time: %v", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &lifted); err != nil {
		return err
	}
	if err := insert("room", 900_000); err != nil {
		return fmt.Errorf("without the limit: %w", err)
	}
	return tasks.Close()
}

func TestAFileThatMayNotGrow(t *testing.T) {
	for _, size := range []string{"5000", "300000"} {
		path := newPath(t)
		if out, err := child("limited", path, size).Output(); err != nil {
			t.Fatal(size, err, string(out))
		}
		tasks := open(t, path)
		for _, id := range []string{"before", "room"} {
			if _, err := tasks.Get(ctx, "z1", id); err != nil {
				t.Error(size, id, err)
			}
		}
		if report, err := tasks.Verify(ctx); err != nil || !report.OK {
			t.Error(size, report, err)
		}
	}
}

// readWhereNothingCanBeWritten mounts the file's directory read-only, in a namespace of its own.
func readWhereNothingCanBeWritten(args []string) error {
	directory := filepath.Dir(args[0])
	for _, mount := range []struct {
		target string
		flags  uintptr
	}{
		{"/", syscall.MS_REC | syscall.MS_PRIVATE},
		{directory, syscall.MS_BIND},
		{directory, syscall.MS_REMOUNT | syscall.MS_BIND | syscall.MS_RDONLY},
	} {
		if err := syscall.Mount(mount.target, mount.target, "", mount.flags, ""); err != nil {
			return fmt.Errorf("mount %s: %w", mount.target, err)
		}
	}
	if _, err := os.Create(args[0] + ".new"); !errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("the mount is not read-only: %v", err)
	}
	tasks, err := taskstate.Open(args[0], taskstate.WithMode(taskstate.ModeReadOnly))
	if err != nil {
		return err
	}
	if _, err := tasks.Get(ctx, "z1", "t"); err != nil {
		return err
	}
	if answer := tasks.Decide(ctx, "z1", "t", taskstate.Request{}); answer.Status != 200 {
		return fmt.Errorf("answered %d", answer.Status)
	}
	if _, err := tasks.Start(ctx, "z1", "t"); !errors.Is(err, taskstate.ErrReadOnly) {
		return fmt.Errorf("a change: %v", err)
	}
	if _, err := taskstate.Open(args[0]); !errors.Is(err, taskstate.ErrReadOnly) {
		return fmt.Errorf("opened for changes: %v", err)
	}
	return tasks.Close()
}

func TestAClosedFileIsWholeByItselfOnReadOnlyMedia(t *testing.T) {
	original := newPath(t)
	made, err := taskstate.Open(original)
	if err != nil {
		t.Fatal(err)
	}
	create(t, made, "t")
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	path := newPath(t)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(name string, attributes *syscall.SysProcAttr) error {
		command := child(name, path)
		command.SysProcAttr = attributes
		return command.Run()
	}
	own := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
	err = run("mounted", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS})
	if errors.Is(err, syscall.EPERM) {
		err = run("mounted", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER, UidMappings: own})
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Log("no mount namespace here:", err)
	} else if err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsReplacedUnderAReader(t *testing.T) {
	for _, suffix := range []string{"", "-wal", "-shm", "-taskstate"} {
		path := newPath(t)
		create(t, open(t, path), "t")
		reader := open(t, path, taskstate.WithMode(taskstate.ModeReadOnly))
		if answer := reader.Decide(ctx, "z1", "t", taskstate.Request{}); answer.Status != 200 {
			t.Fatal(suffix, answer.Status)
		}
		content, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".other", content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".other", path+suffix); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // it looks once a second at the least
		if answer := reader.Decide(ctx, "z1", "t", taskstate.Request{}); answer.Status != 500 {
			t.Error(suffix, answer.Status)
		}
		_, err = reader.Get(ctx, "z1", "t")
		wantError(t, err, taskstate.ErrMoved, "")
	}
}
