package taskstate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// What depends on cgo must export nothing: that is what makes the exported names the same with and without it.
func TestBuildsExportTheSameNames(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if name := file.Name(); strings.HasSuffix(name, "cgo.go") {
			seen++
			parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, exported := range exportedNames(parsed) {
				t.Errorf("%s exports %s", name, exported)
			}
		}
	}
	if seen < 2 {
		t.Fatalf("%d files that depend on cgo", seen)
	}
}

func exportedNames(file *ast.File) []string {
	var names []string
	add := func(ident *ast.Ident) {
		if ident.IsExported() {
			names = append(names, ident.Name)
		}
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			add(d.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add(s.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						add(name)
					}
				}
			}
		}
	}
	return names
}

// Every exported declaration has a comment that begins with its name and says since when it is there.
func TestEverythingExportedIsDocumented(t *testing.T) {
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(info os.FileInfo) bool {
		return !strings.HasSuffix(info.Name(), "_test.go")
	}, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range packages["taskstate"].Files {
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && !isPrivateMethod(d) {
					checkComment(t, d.Name.Name, d.Doc.Text(), true)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() {
						checkComment(t, s.Name.Name, d.Doc.Text(), true)
					}
					if s, ok := spec.(*ast.ValueSpec); ok && s.Names[0].IsExported() {
						checkComment(t, s.Names[0].Name, d.Doc.Text(), false)
					}
				}
			}
		}
	}
}

// isPrivateMethod: what satisfies an interface of others on a type of ours that nobody sees.
func isPrivateMethod(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return false
	}
	receiver := d.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && !name.IsExported()
}

func checkComment(t *testing.T, name, text string, named bool) {
	t.Helper()
	if !regexp.MustCompile(`Since 0\.[12]\.`).MatchString(text) || (named && !strings.HasPrefix(text, name+" ")) {
		t.Errorf("%s: %q", name, text)
	}
}

// Every function of the C header is called by the bridge or the Go files: nothing that C offers is out of Go's reach.
func TestTheWholeHeaderIsBound(t *testing.T) {
	header, err := os.ReadFile("../../capi/taskstate.h")
	if err != nil {
		t.Fatal(err)
	}
	var bound strings.Builder
	for _, name := range []string{"bridge.h", "native_cgo.go", "open_cgo.go", "task_cgo.go", "answer_cgo.go", "lease_cgo.go",
		"cancel_cgo.go", "also_cgo.go", "upkeep_cgo.go", "batch_cgo.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		bound.Write(text)
	}
	functions := regexp.MustCompile(`(?m)^TSE_API [^(]*?(tse_\w+)\(`).FindAllStringSubmatch(string(header), -1)
	if len(functions) < 50 {
		t.Fatalf("%d functions in the header", len(functions))
	}
	for _, function := range functions {
		if !regexp.MustCompile(`\b` + function[1] + `\b`).MatchString(bound.String()) {
			t.Errorf("%s is not bound", function[1])
		}
	}
}
