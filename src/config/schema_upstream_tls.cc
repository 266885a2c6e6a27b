#include <array>

#include "config/schema_sections.h"

namespace hawser::config {

namespace {

constexpr Words<1> kSystem{"system"};

constexpr std::array kUpstreamTlsKeys{
    Key{.name = "enabled",
        .type = Type::boolean,
        .slot = {},
        .description = "false connects in plain text as if the section were absent",
        .default_text = "true"},
    Key{.name = "verify",
        .type = Type::boolean,
        .slot = field<&UpstreamTls::verify>(),
        .description =
            "Whether a server must prove who it is; without it anyone between can read and change everything",
        .default_text = "true"},
    Key{.name = "ca_file",
        .type = Type::target,
        .slot = field<&UpstreamTls::ca_file>(),
        .description = "Who may vouch for servers: the certificates that the system trusts, or those of a PEM file",
        .default_text = "system",
        .range = {1},
        .words = kSystem},
    Key{.name = "server_name",
        .type = Type::host_name,
        .slot = field<&UpstreamTls::server_name>(),
        .description = "The name that is asked for and that the certificate must have; the host of the address when "
                       "absent",
        .range = {1, 255}},
    Key{.name = "cert_file",
        .type = Type::path,
        .slot = field<&UpstreamTls::cert_file>(),
        .description = "Hawser's own certificate for servers that ask for one, with its chain, PEM",
        .range = {1}},
    Key{.name = "key_file",
        .type = Type::path,
        .slot = field<&UpstreamTls::key_file>(),
        .description = "The private key of that certificate, PEM",
        .range = {1}},
    Key{.name = "crl_file",
        .type = Type::path,
        .slot = field<&UpstreamTls::crl_file>(),
        .description = "Certificates that were revoked, PEM",
        .range = {1}},
};
constexpr Words<2> kCertificate{"cert_file", "key_file"};
constexpr std::array kUpstreamTlsRules{Rule{Relation::all_or_none, kCertificate}};

}  // namespace

constinit const Section kUpstreamTlsSection{kUpstreamTlsKeys, {}, kUpstreamTlsRules};

}  // namespace hawser::config
