// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// maxBody is the largest body that ARM takes (Microsoft Learn: azure-resource-manager/management/azure-subscription-service-limits).
const maxBody = 4 << 20

// serveARM answers a request to Azure Resource Manager and returns who sent it.
func (s *Server) serveARM(w http.ResponseWriter, r *http.Request) caller {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	if err != nil && !tooLarge {
		s.writeARM(w, r, gateway(fail(http.StatusBadRequest, "BadRequest", "The body of the request could not be read.")))
		return caller{}
	}
	answer, c := s.answerARM(w.Header(), r, body, tooLarge)
	if answer.done != nil {
		s.workOn(r, answer)
	}
	s.writeARM(w, r, answer)
	return c
}

// workOn lets the time pass that a service is at work. It is over also where the client does not wait for it.
func (s *Server) workOn(r *http.Request, answer *response) {
	defer func() {
		s.world.mu.Lock()
		defer s.world.mu.Unlock()
		answer.done()
		s.world.version++
	}()
	wait(r.Context(), answer.takes)
}

// answerARM decides a request with the world's lock held from the first check to the last change.
func (s *Server) answerARM(header http.Header, r *http.Request, body []byte, tooLarge bool) (*response, caller) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.world.settle()
	v := newVisit(s, header, r, body, tooLarge)
	if refusal := v.admit(); refusal != nil {
		return refusal, v.request.caller
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.world.version++
	}
	return v.operation.handle(s.world, v.request), v.request.caller
}

// writeARM sends a response with the headers that every answer of ARM carries (ARM RPC, common-api-details.md, "Response
// Headers").
func (s *Server) writeARM(w http.ResponseWriter, r *http.Request, answer *response) {
	var body []byte
	if answer.body != nil {
		var err error
		if body, err = encode(answer.body); err != nil {
			answer = fail(http.StatusInternalServerError, "InternalServerError", fmt.Sprintf("encoding the answer: %v", err))
			body, _ = encode(answer.body) // An error envelope always encodes.
		}
	}
	correlation := r.Header.Get("x-ms-correlation-request-id")
	if uuid.Validate(correlation) != nil {
		correlation = newGUID()
	}
	header := w.Header()
	header.Set("Cache-Control", "no-cache")
	header.Set("Pragma", "no-cache")
	header.Set("Expires", "-1")
	header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Vary", "Accept-Encoding")
	header.Set("x-ms-request-id", newGUID())
	header.Set("x-ms-correlation-request-id", correlation)
	header.Set("x-ms-routing-request-id", "WESTUS2:"+s.world.clock.Now().Format("20060102T150405Z")+":"+correlation)
	header.Set("x-cache", "CONFIG_NOCACHE")
	if strings.EqualFold(r.Header.Get("x-ms-return-client-request-id"), "true") {
		header.Set("x-ms-client-request-id", r.Header.Get("x-ms-client-request-id"))
	}
	for name, values := range answer.header {
		header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	if body != nil {
		header.Set("Content-Type", "application/json; charset=utf-8")
	}
	send(w, r, answer.status, body)
}

// writeJSON sends a value outside of ARM.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, value any) {
	body, err := encode(value)
	if err != nil {
		http.Error(w, "encoding the answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	send(w, r, status, body)
}

// send writes status and body. A client that has gone away is no concern of the server's.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	if status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead && status != http.StatusNoContent {
		_, _ = w.Write(body)
	}
}

// encode marshals without escaping characters for HTML, as Azure does not.
func encode(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buffer.Bytes(), "\n"), nil
}

// baseURL is how the sender of a request reached this server. Links in answers point there.
func baseURL(r *http.Request) string { return "https://" + r.Host }

func containsFold(list []string, word string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, word) })
}
