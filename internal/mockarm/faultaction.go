// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// suffer has a request go the way of the fault that strikes it. A connection that breaks is an [http.ErrAbortHandler]:
// net/http resets the stream or closes the connection on it, and the transport in process does alike.
func (s *Server) suffer(fault *Fault, w http.ResponseWriter, r *http.Request, kind RequestKind, answer func(http.ResponseWriter)) {
	wait(r.Context(), fault.Delay)
	if fault.Reset == ResetBefore {
		panic(http.ErrAbortHandler)
	}
	if fault.Status != 0 {
		wait(r.Context(), fault.AnswerDelay)
		s.writeFault(fault, w, r, kind)
		return
	}
	kept := &recorder{header: w.Header().Clone()}
	answer(kept)
	wait(r.Context(), fault.AnswerDelay)
	if fault.Reset == ResetAfter {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), kept.header)
	w.WriteHeader(kept.status)
	body := kept.body.Bytes()
	if fault.Truncate {
		body = body[:len(body)/2]
	}
	_, _ = w.Write(body) // A client that has gone away is no concern of the server's.
	if fault.Truncate {
		_ = http.NewResponseController(w).Flush() // In process there is nothing to flush.
		panic(http.ErrAbortHandler)
	}
}

// wait waits on the machine's time, or in a testing/synctest bubble on the bubble's, and breaks off when the client does.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// writeFault answers the error of a fault, in the form of the part of Azure that was asked.
func (s *Server) writeFault(fault *Fault, w http.ResponseWriter, r *http.Request, kind RequestKind) {
	if fault.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(wholeSeconds(fault.RetryAfter)))
	}
	if kind == ARMRequest {
		s.writeARM(w, r, gateway(fail(fault.Status, fault.code(), fault.message())))
		return
	}
	if protocol, isHost := identityProtocols[IdentityHost(kind)]; isHost {
		writeJSON(w, r, fault.Status, protocol.body(fault.Status, fault.Code, fault.message()))
		return
	}
	writeJSON(w, r, fault.Status, imdsError(fault.code(), fault.message())) // Entra's errors begin with the same two members.
}

// wholeSeconds rounds a pause up to the seconds in which Retry-After counts (RFC 9110, 10.2.3).
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
