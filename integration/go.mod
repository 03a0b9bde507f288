module github.com/otdemo/otdemo/integration

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/openzipkin/zipkin-go v0.4.3
	github.com/otdemo/otdemo v0.0.0
	github.com/uber/jaeger-client-go v2.30.0+incompatible
	go.uber.org/goleak v1.3.0
)

replace github.com/otdemo/otdemo => ../
