// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"encoding/json"
	"strings"
)

// A hostAnswer is what a host answered when it was asked for a token.
type hostAnswer struct {
	status      int
	code        string
	description string
}

// readHostAnswer reads an answer that is an error. IMDS and Arc have the form of RFC 6749, Cloud Shell and Service Fabric
// that of Azure's APIs, and App Service and Azure Machine Learning one of their own.
func readHostAnswer(status int, content []byte) hostAnswer {
	var body struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
		Message     string          `json:"message"` // or "Message"
	}
	if json.Unmarshal(content, &body) != nil {
		return hostAnswer{status: status}
	}
	answer := hostAnswer{status: status, description: body.Description + body.Message}
	var nested struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body.Error, &answer.code) != nil && json.Unmarshal(body.Error, &nested) == nil {
		answer.code, answer.description = nested.Code, nested.Message
	}
	// Entra's errors come through with lines of IDs.
	answer.description, _, _ = strings.Cut(answer.description, "\r\n")
	return answer
}
