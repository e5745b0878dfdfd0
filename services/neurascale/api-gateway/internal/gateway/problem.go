package gateway

import (
	"encoding/json"
	"net/http"
)

// problem is an error as RFC 9457 has it.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	RequestID string `json:"request_id,omitempty"`
}

// fail answers with a problem document; kind tells programs which one it is.
func fail(w http.ResponseWriter, r *http.Request, status int, kind, detail string) {
	document := problem{
		Type:   "urn:neurascale:problem:" + kind,
		Title:  http.StatusText(status),
		Status: status,
		Detail: detail,
	}
	if request := requestOf(r.Context()); request != nil {
		document.RequestID = request.id
	}
	answer(w, status, "application/problem+json", document)
}

func answerJSON(w http.ResponseWriter, status int, document any) {
	answer(w, status, "application/json", document)
}

func answer(w http.ResponseWriter, status int, contentType string, document any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	// A write error means that the client has disconnected.
	_ = json.NewEncoder(w).Encode(document)
}
