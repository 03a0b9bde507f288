module github.com/otdemo/otdemo/integration

go 1.26.0

require (
	github.com/gocql/gocql v1.7.0
	github.com/google/go-cmp v0.7.0
	github.com/openzipkin/zipkin-go v0.4.3
	github.com/otdemo/otdemo v0.0.0
	github.com/uber/jaeger-client-go v2.30.0+incompatible
	go.uber.org/goleak v1.3.0
)

require (
	github.com/golang/snappy v0.0.4 // indirect
	github.com/hailocab/go-hostpool v0.0.0-20160125115350-e80d13ce29ed // indirect
	github.com/opentracing/opentracing-go v1.2.0 // indirect
	github.com/uber/jaeger-lib v2.4.1+incompatible // indirect
	go.uber.org/atomic v1.12.0 // indirect
	gopkg.in/inf.v0 v0.9.1 // indirect
)

replace github.com/otdemo/otdemo => ../
