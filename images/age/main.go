// Command age encrypts and decrypts dumps in the jobs of a cluster, in the format of age (https://age-encryption.org).
// An init container copies it into the job's pod, because the jobs run in the image of their datastore.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
)

const usage = "usage: age install PATH | age encrypt RECIPIENT... | age decrypt FILE"

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "age:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) < 2 {
		return errors.New(usage)
	}
	switch command, rest := args[0], args[1:]; {
	case command == "install" && len(rest) == 1:
		return install(rest[0])
	case command == "encrypt":
		return encrypt(rest, in, out)
	case command == "decrypt" && len(rest) == 1:
		return decrypt(rest[0], in, out)
	default:
		return errors.New(usage)
	}
}

// install copies this program.
func install(path string) (err error) {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	from, err := os.Open(own)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	_, err = io.Copy(to, from)
	return err
}

// encrypt encrypts a stream for public keys. Each of their private keys can decrypt it.
func encrypt(keys []string, in io.Reader, out io.Writer) error {
	recipients, err := age.ParseRecipients(strings.NewReader(strings.Join(keys, "\n")))
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 1<<16)
	sink, err := age.Encrypt(buffered, recipients...)
	if err != nil {
		return err
	}
	if _, err := io.Copy(sink, in); err != nil {
		return err
	}
	return errors.Join(sink.Close(), buffered.Flush())
}

// decrypt decrypts a file. It reads the private key from in, so that the key is in no argument, variable or file.
func decrypt(path string, in io.Reader, out io.Writer) error {
	identities, err := age.ParseIdentities(in)
	if err != nil {
		// The library's message could repeat a part of the key.
		return errors.New("expected a private key (AGE-SECRET-KEY-...) on standard input")
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	plain, err := age.Decrypt(bufio.NewReaderSize(file, 1<<16), identities...)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = io.Copy(out, plain)
	return err
}
