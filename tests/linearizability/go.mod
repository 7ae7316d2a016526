module github.com/taskstate/taskstate-go/linearizability

go 1.19

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/taskstate/taskstate-go v0.0.0
)

replace github.com/taskstate/taskstate-go => ../../bindings/go
