#include <array>

#include "config/schema_sections.h"

namespace hawser::config {

namespace {

constexpr std::string_view kIntermediateCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305";
constexpr std::string_view kIntermediateSuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

constexpr Words<2> kUnknownSni{"default", "reject"};
constexpr Words<2> kTlsVersions{"1.2", "1.3"};

constexpr std::array kCertificateKeys{
    Key{.name = "cert_file",
        .type = Type::path,
        .slot = field<&CertificateFiles::cert_file>(),
        .description = "The certificate and its chain, PEM",
        .presence = Presence::required,
        .range = {1}},
    Key{.name = "key_file",
        .type = Type::path,
        .slot = field<&CertificateFiles::key_file>(),
        .description = "The private key, PEM",
        .presence = Presence::required,
        .range = {1}},
};
constexpr Section kCertificate{kCertificateKeys, {}};

constexpr std::array kListenerTlsKeys{
    Key{.name = "enabled",
        .type = Type::boolean,
        .slot = {},
        .description = "false serves plain text as if the section were absent",
        .default_text = "true"},
    Key{.name = "certificates",
        .type = Type::list,
        .slot = list<&ListenerTls::certificates>(),
        .description =
            "Certificates with their keys, chosen by the name that the client asks for; the first is the default",
        .presence = Presence::required,
        .range = {1},
        .section = &kCertificate,
        .where = &Access<&CertificateFiles::where>::get},
    Key{.name = "unknown_sni",
        .type = Type::choice,
        .slot = field<&ListenerTls::unknown_sni>(),
        .description = "What a client gets that asks for a name without a certificate: the default one, or a refusal",
        .default_text = "default",
        .words = kUnknownSni},
    Key{.name = "min_version",
        .type = Type::choice,
        .slot = field<&ListenerTls::min_version>(),
        .description = "The oldest TLS version that is accepted",
        .default_text = "1.2",
        .words = kTlsVersions},
    Key{.name = "ciphers",
        .type = Type::text,
        .slot = field<&ListenerTls::ciphers>(),
        .description = "Cipher suites of TLS 1.2, in OpenSSL's syntax",
        .default_text = kIntermediateCiphers,
        .range = {1}},
    Key{.name = "ciphersuites",
        .type = Type::text,
        .slot = field<&ListenerTls::ciphersuites>(),
        .description = "Cipher suites of TLS 1.3, separated by colons",
        .default_text = kIntermediateSuites,
        .range = {1}},
    Key{.name = "curves",
        .type = Type::text,
        .slot = field<&ListenerTls::curves>(),
        .description = "Key exchange groups, separated by colons, the preferred first",
        .default_text = "X25519:prime256v1:secp384r1",
        .range = {1}},
    Key{.name = "session_tickets",
        .type = Type::boolean,
        .slot = field<&ListenerTls::session_tickets>(),
        .description = "Whether clients may resume TLS sessions with tickets",
        .default_text = "on"},
};
constexpr Words<6> kListenerTlsPlanned{"client_auth", "ca_file", "crl_file", "depth", "ocsp_file", "hsts"};
constexpr Section kListenerTls{kListenerTlsKeys, kListenerTlsPlanned};

constexpr std::array kListenerLimitsKeys{
    Key{.name = "max_sessions",
        .type = Type::count,
        .slot = field<&Listener::max_sessions>(),
        .description = "Sessions that may be open at a time; more are refused with 503",
        .default_text = "off",
        .range = {1}},
    Key{.name = "max_sessions_per_ip",
        .type = Type::count,
        .slot = field<&Listener::max_sessions_per_ip>(),
        .description = "Sessions that one client address (IPv6: one /64) may have at a time; more are refused with 429",
        .default_text = "off",
        .range = {1}},
    Key{.name = "new_sessions_per_second",
        .type = Type::count,
        .slot = field<&Listener::new_sessions_per_second>(),
        .description = "Sessions that may begin within a second, all clients together; more are refused with 503",
        .default_text = "off",
        .range = {1, 1'000'000}},
};
constexpr Section kListenerLimits{kListenerLimitsKeys};

constexpr std::array kListenerTimeoutsKeys{
    Key{.name = "handshake",
        .type = Type::duration,
        .slot = field<&ListenerTimeouts::handshake>(),
        .description = "How long the TLS handshake may take",
        .default_text = "10s",
        .range = kDurationRange},
    Key{.name = "request_head",
        .type = Type::duration,
        .slot = field<&ListenerTimeouts::request_head>(),
        .description = "How long the head of a request may take to arrive",
        .default_text = "10s",
        .range = kDurationRange},
    Key{.name = "keepalive",
        .type = Type::duration,
        .slot = field<&ListenerTimeouts::keepalive>(),
        .description = "How long a connection may wait for its next request",
        .default_text = "75s",
        .range = kDurationRange},
    Key{.name = "body",
        .type = Type::duration,
        .slot = field<&ListenerTimeouts::body>(),
        .description = "How long a client may pause within the body of a request; longer gets 408",
        .default_text = "60s",
        .range = kDurationRange},
};
constexpr Section kListenerTimeouts{kListenerTimeoutsKeys};

constexpr std::array kListenerKeys{
    Key{.name = "name",
        .type = Type::text,
        .slot = field<&Listener::name>(),
        .description = "A name for logs and for match.listener; the address when absent",
        .range = {1, 128}},
    Key{.name = "address",
        .type = Type::listener_address,
        .slot = field<&Listener::address>(),
        .description = "Where to accept connections: IP:port, [IPv6]:port or unix:/path",
        .presence = Presence::required,
        .range = {1}},
    Key{.name = "mode",
        .type = Type::file_mode,
        .slot = field<&Listener::mode>(),
        .description = "The permissions of a unix socket, in octal",
        .default_text = "0660",
        .range = {0, 0777}},
    Key{.name = "backlog",
        .type = Type::integer,
        .slot = field<&Listener::backlog>(),
        .description = "How many connections the kernel keeps until they are accepted",
        .default_text = "4096",
        .range = {1, 1'000'000}},
    Key{.name = "tls",
        .type = Type::map,
        .slot = optional_object<&Listener::tls>(),
        .description = "TLS for clients; plain text when absent",
        .section = &kListenerTls},
    Key{.name = "limits",
        .type = Type::map,
        .slot = same_object(),
        .description = "How much clients may ask for",
        .section = &kListenerLimits},
    Key{.name = "timeouts",
        .type = Type::map,
        .slot = object<&Listener::timeouts>(),
        .description = "How long clients may take",
        .section = &kListenerTimeouts},
    Key{.name = "max_head_size",
        .type = Type::size,
        .slot = field<&Listener::max_head_size>(),
        .description = "The largest head of a request; a larger one is refused with 431",
        .default_text = "32k",
        .range = {1024, 16 * 1024 * 1024}},
};
constexpr Words<1> kListenerPlanned{"proxy_protocol"};

}  // namespace

constinit const Section kListenerSection{kListenerKeys, kListenerPlanned};

}  // namespace hawser::config
