package gateway

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientOf is the address of a request's client. Each of `hops` reverse proxies appends the address of its peer to
// X-Forwarded-For; the entries before those are set by the client and not trusted.
func clientOf(r *http.Request, hops int) string {
	address := r.RemoteAddr
	if hops > 0 {
		heard := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if len(heard) >= hops {
			if written := strings.TrimSpace(heard[len(heard)-hops]); written != "" {
				address = written
			}
		}
	}
	return normal(address)
}

// normal is an address without its port; of IPv6 the network of 64 bits, which is what one customer gets.
func normal(text string) string {
	address, err := netip.ParseAddr(text)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return "unknown"
		}
		address = withPort.Addr()
	}
	address = address.Unmap().WithZone("")
	if address.Is6() {
		network, err := address.Prefix(64)
		if err != nil {
			return "unknown"
		}
		return network.String()
	}
	return address.String()
}
