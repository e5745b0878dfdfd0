// Reads requests, one JSON object a line, and answers each with one line: what the named reader makes of an input.
// The readers are those of the programs that get Longshore's documents: go-yaml of the Pulumi CLI, Docker Compose,
// kubectl and the API server, and the filter of BuildKit's client for build contexts.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	gofs "io/fs"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"
	fstypes "github.com/tonistiigi/fsutil/types"
	composeyaml "go.yaml.in/yaml/v3"
	yamlv2 "gopkg.in/yaml.v2"
	yamlv3 "gopkg.in/yaml.v3"
	kubeyaml "sigs.k8s.io/yaml"
)

var version = "0"

type request struct {
	Reader string `json:"reader"`
	// A YAML document, or the content of a .dockerignore.
	Text string `json:"text"`
	// A build context.
	Folder string `json:"folder"`
}

type answer struct {
	Value any    `json:"value"`
	Error string `json:"error,omitempty"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println(version)
		return
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	decoder := json.NewDecoder(bufio.NewReader(os.Stdin))
	for decoder.More() {
		var asked request
		if err := decoder.Decode(&asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		value, err := read(asked)
		given := answer{Value: value}
		if err != nil {
			given = answer{Error: err.Error()}
		}
		if err := encoder.Encode(given); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func read(asked request) (value any, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("%v", failure)
		}
	}()
	text := []byte(asked.Text)
	switch asked.Reader {
	case "yaml.v2":
		err = yamlv2.Unmarshal(text, &value)
	case "yaml.v3":
		err = yamlv3.Unmarshal(text, &value)
	case "go.yaml.in/yaml/v3":
		err = composeyaml.Unmarshal(text, &value)
	case "sigs.k8s.io/yaml":
		var converted []byte
		if converted, err = kubeyaml.YAMLToJSON(text); err == nil {
			decoder := json.NewDecoder(bytes.NewReader(converted))
			decoder.UseNumber()
			err = decoder.Decode(&value)
		}
	case "dockerignore":
		return contextFiles(asked)
	default:
		return nil, fmt.Errorf("no reader %q", asked.Reader)
	}
	if err != nil {
		return nil, err
	}
	return typed(value), nil
}

// Values with their types, which JSON would lose: a letter, a colon, the text.
func typed(value any) any {
	switch v := value.(type) {
	case nil:
		return "null:"
	case string:
		return "string:" + v
	case bool:
		return "bool:" + strconv.FormatBool(v)
	case int, int64, uint64:
		return fmt.Sprintf("number:%d", v)
	case float64:
		return "number:" + strconv.FormatFloat(v, 'g', -1, 64)
	case json.Number:
		return "number:" + v.String()
	case time.Time:
		return "time:" + v.String()
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = typed(item)
		}
		return list
	case map[string]any:
		fields := make(map[string]any, len(v))
		for key, item := range v {
			fields["string:"+key] = typed(item)
		}
		return fields
	case map[any]any:
		fields := make(map[string]any, len(v))
		for key, item := range v {
			fields[fmt.Sprint(typed(key))] = typed(item)
		}
		return fields
	default:
		return fmt.Sprintf("%T:%v", v, v)
	}
}

// The files and links that the client sends to the builder, sorted.
func contextFiles(asked request) (any, error) {
	patterns, err := ignorefile.ReadAll(bytes.NewReader([]byte(asked.Text)))
	if err != nil {
		return nil, err
	}
	root, err := fsutil.NewFS(asked.Folder)
	if err != nil {
		return nil, err
	}
	filtered, err := fsutil.NewFilterFS(root, &fsutil.FilterOpt{ExcludePatterns: patterns})
	if err != nil {
		return nil, err
	}
	files := []string{}
	err = filtered.Walk(context.Background(), "", func(path string, entry gofs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*fstypes.Stat)
		if !ok {
			return errors.New("no stat of " + path)
		}
		if !info.IsDir() {
			files = append(files, stat.Path)
		}
		return nil
	})
	sort.Strings(files)
	return files, err
}
