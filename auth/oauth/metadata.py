"""What discovery tells about the provider (RFC 8414, OpenID Connect Discovery)."""

from typing import Any, Final

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from auth.oauth.granting import GRANT_TYPES
from auth.oauth.orders import TYPE
from auth.oauth.scopes import SCOPES

SIGNING: Final = ["ES256", "EdDSA", "PS256"]
_AUTH: Final = ["private_key_jwt"]
_ENDPOINTS: Final = {
    "authorization_endpoint": "/oauth/authorize",
    "token_endpoint": "/oauth/token",
    "pushed_authorization_request_endpoint": "/oauth/par",
    "revocation_endpoint": "/oauth/revoke",
    "introspection_endpoint": "/oauth/introspect",
    "userinfo_endpoint": "/oauth/userinfo",
    "jwks_uri": "/oauth/jwks",
}


def write_metadata(issuer: str) -> dict[str, Any]:
    """Write the metadata of the provider; Authlib sees that it is as RFC 8414 wants it.

    Its rules ask for https, which an address for development is not.
    """
    endpoints = {name: issuer + path for name, path in _ENDPOINTS.items()}
    authenticated = {
        f"{endpoint}_endpoint_auth_{what}": value
        for endpoint in ("token", "revocation", "introspection")
        for what, value in (("methods_supported", _AUTH), ("signing_alg_values_supported", SIGNING))
    }
    metadata = {
        "issuer": issuer,
        **endpoints,
        **authenticated,
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "code_challenge_methods_supported": ["S256"],
        "require_pushed_authorization_requests": True,
        "authorization_response_iss_parameter_supported": True,
        "dpop_signing_alg_values_supported": SIGNING,
        "authorization_details_types_supported": [TYPE],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "prompt_values_supported": ["none", "login", "consent"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "ui_locales_supported": ["en", "zh-CN"],
    }
    if issuer.startswith("https://"):
        AuthorizationServerMetadata(metadata).validate()
    return metadata


def write_resource_metadata(issuer: str, resource: str) -> dict[str, Any]:
    """Write the metadata of the API as a protected resource (RFC 9728)."""
    return {
        "resource": resource,
        "authorization_servers": [issuer],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": SIGNING,
        "dpop_bound_access_tokens_required": True,
    }
