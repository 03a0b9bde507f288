package sampling

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Strategies say for each service which of its traces are kept.
type Strategies struct {
	// Default is for all other services.
	Default Service
	// Services are by name.
	Services map[string]Service
}

// Service is the strategy of one service.
type Service struct {
	Strategy
	// Operations have a probability of their own, which takes the place of
	// Strategy's.
	Operations []Operation
}

// Operation is the probability with which traces that begin with an operation are
// kept.
type Operation struct {
	Name        string
	Probability float64
}

// Same gives every service the same strategy.
func Same(strategy Strategy) Strategies { return Strategies{Default: Service{Strategy: strategy}} }

// For returns the strategy of a service.
func (s *Strategies) For(service string) Service {
	if own, ok := s.Services[service]; ok {
		return own
	}
	return s.Default
}

// Validate tells what is wrong with the strategies, if anything.
func (s *Strategies) Validate() error {
	faults := []error{s.Default.validate()}
	for name, service := range s.Services {
		if err := service.validate(); err != nil {
			faults = append(faults, fmt.Errorf("service %q: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

func (s *Service) validate() error {
	if err := s.Validate(); err != nil {
		return err
	}
	for _, op := range s.Operations {
		if err := (Strategy{Probabilistic, op.Probability}).Validate(); err != nil {
			return fmt.Errorf("operation %q: %w", op.Name, err)
		}
	}
	return nil
}

// fileStrategies is a file of strategies in the form that Jaeger's
// --sampling.strategies-file has.
type fileStrategies struct {
	Default  *fileService  `json:"default_strategy"`
	Services []fileService `json:"service_strategies"`
}

type fileService struct {
	fileStrategy
	Service    string `json:"service"`
	Operations []struct {
		fileStrategy
		Operation string `json:"operation"`
	} `json:"operation_strategies"`
}

type fileStrategy struct {
	Type  string   `json:"type"`
	Param *float64 `json:"param"`
}

// ParseFile reads strategies in Jaeger's format. What Jaeger would pass over with
// a line in its log is an error here: an unknown key, a type that it does not
// have, a probability beyond 1. Without a default, other services keep every
// trace. As in Jaeger, operations of the default strategy hold for the services
// too, unless they have the same one.
func ParseFile(content []byte) (Strategies, error) {
	var file fileStrategies
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return Strategies{}, fmt.Errorf("line %d: %w", lineOf(content, d, err), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Strategies{}, fmt.Errorf("line %d: something follows the strategies", lineOf(content, d, nil))
	}
	strategies := Same(All())
	var faults []error
	if in := file.Default; in != nil {
		service, err := in.service("default_strategy")
		if in.Service != "" {
			err = errors.Join(err, fmt.Errorf("default_strategy must not name a service, got %q", in.Service))
		}
		strategies.Default = service
		faults = append(faults, err)
	}
	strategies.Services = make(map[string]Service, len(file.Services))
	for i, in := range file.Services {
		key := fmt.Sprintf("service_strategies[%d]", i)
		service, err := in.service(key)
		if _, twice := strategies.Services[in.Service]; twice {
			err = errors.Join(err, fmt.Errorf("%s.service %q has a strategy already", key, in.Service))
		} else if in.Service == "" {
			err = errors.Join(err, fmt.Errorf("%s.service must name a service", key))
		}
		faults = append(faults, err)
		service.inherit(strategies.Default)
		strategies.Services[in.Service] = service
	}
	return strategies, errors.Join(faults...)
}

// lineOf returns the line where reading stopped.
func lineOf(content []byte, d *json.Decoder, err error) int {
	offset := d.InputOffset()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset = int64(len(content))
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = wrong.Offset
	}
	return 1 + bytes.Count(content[:min(int(offset), len(content))], []byte("\n"))
}

func (in *fileService) service(key string) (Service, error) {
	strategy, err := in.strategy(key)
	faults := []error{err}
	out := Service{Strategy: strategy}
	for i, op := range in.Operations {
		key := fmt.Sprintf("%s.operation_strategies[%d]", key, i)
		of, err := op.strategy(key)
		switch {
		case err != nil:
		case of.Type != Probabilistic:
			err = fmt.Errorf("%s.type must be %s, the only one that an operation can have, got %q", key, Probabilistic, of.Type)
		case op.Operation == "":
			err = fmt.Errorf("%s.operation must name an operation", key)
		case out.has(op.Operation):
			err = fmt.Errorf("%s.operation %q has a strategy already", key, op.Operation)
		}
		faults = append(faults, err)
		out.Operations = append(out.Operations, Operation{Name: op.Operation, Probability: of.Param})
	}
	return out, errors.Join(faults...)
}

func (in fileStrategy) strategy(key string) (Strategy, error) {
	switch {
	case in.Type != Probabilistic && in.Type != RateLimiting:
		return Strategy{}, fmt.Errorf("%s.type must be %s or %s, got %q", key, Probabilistic, RateLimiting, in.Type)
	case in.Param == nil:
		return Strategy{}, fmt.Errorf("%s.param must be set", key)
	}
	strategy := Strategy{Type: in.Type, Param: *in.Param}
	if err := strategy.Validate(); err != nil {
		return strategy, fmt.Errorf("%s.param: %w", key, err)
	}
	return strategy, nil
}

func (s *Service) has(operation string) bool {
	return slices.ContainsFunc(s.Operations, func(op Operation) bool { return op.Name == operation })
}

// inherit adds the operations of the default strategy that s does not have.
func (s *Service) inherit(from Service) {
	if len(s.Operations) == 0 && s.Type == RateLimiting {
		return // as Jaeger 1 does: the limit holds for all operations
	}
	for _, op := range from.Operations {
		if !s.has(op.Name) {
			s.Operations = append(s.Operations, op)
		}
	}
}
