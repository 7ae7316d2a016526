module github.com/taskstate/taskstate-go

go 1.19
