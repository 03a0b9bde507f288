# otdemo alone: one static program, no shell, no root. Build it in the checkout:
#
#   docker build -t otdemo:local .

FROM golang:1.26.8 AS build
WORKDIR /src
# In a layer of their own, so that modules are not downloaded for each change.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /otdemo .

FROM scratch
# For a collector or a storage that is reached over TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /otdemo /otdemo
# A number, as there is no /etc/passwd, and so that Kubernetes sees it is not root.
USER 10001:10001
EXPOSE 8000
# There is nothing here that a HEALTHCHECK could call but the program itself, and
# what matters is whether spans arrive: run "check-jaeger --wait" beside it.
ENTRYPOINT ["/otdemo"]
