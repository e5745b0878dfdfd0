package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

func TestEncryptsForEveryRecipientAndNoOtherKey(t *testing.T) {
	first, _ := age.GenerateX25519Identity()
	second, _ := age.GenerateX25519Identity()
	other, _ := age.GenerateX25519Identity()
	content := strings.Repeat("row ", 100_000)
	var sealed bytes.Buffer
	keys := []string{"encrypt", first.Recipient().String(), second.Recipient().String()}
	if err := run(keys, strings.NewReader(content), &sealed); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dump.age")
	if err := os.WriteFile(file, sealed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, identity := range []*age.X25519Identity{first, second} {
		var plain bytes.Buffer
		key := "# a comment, as age-keygen writes it\n" + identity.String() + "\n"
		if err := run([]string{"decrypt", file}, strings.NewReader(key), &plain); err != nil {
			t.Fatal(err)
		}
		if plain.String() != content {
			t.Error("the decrypted content differs")
		}
	}
	if err := run([]string{"decrypt", file}, strings.NewReader(other.String()), &bytes.Buffer{}); err == nil {
		t.Error("another key decrypts the file")
	}
	if err := os.Truncate(file, int64(sealed.Len()/2)); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"decrypt", file}, strings.NewReader(first.String()), &bytes.Buffer{}); err == nil {
		t.Error("a truncated file is accepted")
	}
}

func TestNeverRepeatsAKey(t *testing.T) {
	err := run([]string{"decrypt", "/nowhere"}, strings.NewReader("AGE-SECRET-KEY-1NEEDLE"), &bytes.Buffer{})
	if err == nil || strings.Contains(err.Error(), "NEEDLE") {
		t.Errorf("got %v", err)
	}
}

func TestRejectsUnknownCommands(t *testing.T) {
	for _, args := range [][]string{nil, {"encrypt"}, {"copy", "x"}, {"install", "a", "b"}} {
		if err := run(args, strings.NewReader(""), &bytes.Buffer{}); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
