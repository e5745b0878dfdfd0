// pki makes what the lab's Kubernetes node needs to trust itself: two authorities, a certificate or a kubeconfig
// for each component, and the key that signs tokens of service accounts.
// Usage: pki DIRECTORY PORT NODE-NAME; prints the machine's address, on which the API server will listen.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const lifetime = 365 * 24 * time.Hour

type pair struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	certPEM     []byte
	keyPEM      []byte
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: pki DIRECTORY PORT NODE-NAME")
	}
	dir, port, node := os.Args[1], os.Args[2], os.Args[3]
	address := uplink()
	server := "https://" + net.JoinHostPort(address.String(), port)
	check(os.MkdirAll(dir, 0o700))

	ca := authority("longshore-lab")
	front := authority("longshore-lab-front-proxy")
	save(dir, "ca.crt", ca.certPEM)
	save(dir, "ca.key", ca.keyPEM)
	save(dir, "front-proxy-ca.crt", front.certPEM)
	save(dir, "service-account.key", newKeyPEM())

	serving := func(name string, names []string, addresses ...net.IP) {
		savePair(dir, name, issue(ca, x509.Certificate{
			Subject:     pkix.Name{CommonName: name},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			DNSNames:    names,
			IPAddresses: addresses,
		}))
	}
	loopback := net.IPv4(127, 0, 0, 1)
	serving("apiserver", []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local", "localhost"}, loopback, net.IPv4(10, 96, 0, 1), address)
	serving("kubelet", []string{node}, loopback, address)

	client := func(by pair, user string, groups ...string) pair {
		return issue(by, x509.Certificate{
			Subject:     pkix.Name{CommonName: user, Organization: groups},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		})
	}
	savePair(dir, "apiserver-kubelet-client", client(ca, "kube-apiserver-kubelet-client", "system:masters"))
	savePair(dir, "front-proxy-client", client(front, "front-proxy-client"))
	for name, who := range map[string]pair{
		"admin":              client(ca, "admin", "system:masters"),
		"controller-manager": client(ca, "system:kube-controller-manager"),
		"scheduler":          client(ca, "system:kube-scheduler"),
		"proxy":              client(ca, "system:kube-proxy"),
		"kubelet":            client(ca, "system:node:"+node, "system:nodes"),
	} {
		save(dir, name+".kubeconfig", kubeconfig(server, ca, who))
	}
	fmt.Println(address)
}

// uplink is the address that this machine has for others: pods reach the API server and DNS there.
func uplink() net.IP {
	// Sends nothing: the kernel only looks up the route to an unused address.
	if connection, err := net.Dial("udp4", "192.0.2.1:9"); err == nil {
		defer connection.Close()
		return connection.LocalAddr().(*net.UDPAddr).IP.To4()
	}
	addresses, err := net.InterfaceAddrs()
	check(err)
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && !network.IP.IsLoopback() && network.IP.To4() != nil {
			return network.IP.To4()
		}
	}
	log.Fatal("this machine has no address but the loopback one")
	return nil
}

func authority(name string) pair {
	return issue(pair{}, x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	})
}

// issue signs with the authority's key, or with its own where there is none.
func issue(by pair, template x509.Certificate) pair {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	check(err)
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(lifetime)
	if template.KeyUsage == 0 {
		template.KeyUsage = x509.KeyUsageDigitalSignature
	}
	parent, signer := by.certificate, by.key
	if parent == nil {
		parent, signer = &template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), signer)
	check(err)
	certificate, err := x509.ParseCertificate(der)
	check(err)
	return pair{certificate, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), encode(key)}
}

func newKeyPEM() []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	return encode(key)
}

func encode(key *ecdsa.PrivateKey) []byte {
	der, err := x509.MarshalECPrivateKey(key)
	check(err)
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
}

func kubeconfig(server string, ca, who pair) []byte {
	text := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
  - name: longshore-lab
    cluster: { server: %q, certificate-authority-data: %s }
users:
  - name: user
    user: { client-certificate-data: %s, client-key-data: %s }
contexts:
  - name: longshore-lab
    context: { cluster: longshore-lab, user: user }
current-context: longshore-lab
`, server, text(ca.certPEM), text(who.certPEM), text(who.keyPEM))
}

func savePair(dir, name string, made pair) {
	save(dir, name+".crt", made.certPEM)
	save(dir, name+".key", made.keyPEM)
}

func save(dir, name string, content []byte) {
	check(os.WriteFile(filepath.Join(dir, name), content, 0o600))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
