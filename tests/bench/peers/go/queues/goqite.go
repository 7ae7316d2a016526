package main

import (
	"context"
	"time"

	"github.com/maragudk/goqite"
	"github.com/taskstate/taskstate/tests/bench/peers/go/measure"
)

// queue sends, receives and deletes: the message is gone then, and nothing tells what became of it.
func queue(name, path string, workers int) {
	ctx := context.Background()
	db := connect(path)
	defer db.Close()
	measure.Check(goqite.Setup(ctx, db))
	q := goqite.New(goqite.NewOpts{DB: db, Name: "jobs", Timeout: 30 * time.Second})
	measure.Repeat(name, "goqite", workers, func() bool {
		if q.Send(ctx, goqite.Message{Body: []byte(`{"package_id":"pkg_1"}`)}) != nil {
			return false
		}
		message, err := q.Receive(ctx)
		if err != nil || message == nil {
			return false
		}
		return q.Delete(ctx, message.ID) == nil
	})
}
