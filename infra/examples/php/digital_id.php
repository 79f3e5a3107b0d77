<?php
// Digital ID as a relying party sees it: OpenID Connect Core, PKCE (RFC 7636), ID tokens signed with ES256.

declare(strict_types=1);

/** The provider said no, or what it said cannot be trusted. `error` is OAuth's code, where there is one. */
final class Refused extends RuntimeException
{
    public function __construct(string $message, public readonly string $error = '')
    {
        parent::__construct($message);
    }
}

final class DigitalId
{
    private const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
    /** How far two clocks may be apart, in seconds. */
    private const LEEWAY = 10;

    private array $provider;

    public function __construct(
        private string $issuer,
        private string $clientId,
        private string $clientSecret,
        private string $redirectUri,
    ) {
        // In production: kept for some minutes, as the keys are, and not asked for with every request.
        $this->provider = $this->json("$issuer/.well-known/openid-configuration");
        $this->provider['issuer'] === $issuer || throw new Refused('another issuer');
    }

    public function authorizationUrl(string $scope, array $checks): string
    {
        return $this->provider['authorization_endpoint'] . '?' . http_build_query([
            'client_id' => $this->clientId, 'redirect_uri' => $this->redirectUri, 'response_type' => 'code',
            'scope' => $scope, 'state' => $checks['state'], 'nonce' => $checks['nonce'],
            'code_challenge' => self::encode(hash('sha256', $checks['verifier'], true)), 'code_challenge_method' => 'S256',
        ]);
    }

    /** The tokens for the answer to an authorization request. */
    public function tokens(array $answer, array $checks): array
    {
        hash_equals($checks['state'], $answer['state'] ?? '') || throw new Refused('another state');
        // RFC 9207: an answer of another provider is none.
        ($answer['iss'] ?? '') === $this->issuer || throw new Refused('another issuer');
        isset($answer['error']) && throw new Refused($answer['error_description'] ?? '', $answer['error']);
        return $this->token([
            'grant_type' => 'authorization_code', 'code' => $answer['code'] ?? '',
            'redirect_uri' => $this->redirectUri, 'code_verifier' => $checks['verifier'],
        ]);
    }

    public function refreshed(string $refreshToken): array
    {
        return $this->token(['grant_type' => 'refresh_token', 'refresh_token' => $refreshToken]);
    }

    /** The claims of an ID token (OpenID Connect Core section 3.1.3.7). */
    public function idToken(string $token, string $nonce): array
    {
        [$claims] = $this->verified($token);
        hash_equals($nonce, $claims['nonce'] ?? '') || throw new Refused('another nonce');
        return $claims;
    }

    /** The claims of a logout token (OpenID Connect Back-Channel Logout section 2.6). */
    public function logoutToken(string $token): array
    {
        [$claims, $header] = $this->verified($token);
        $isOne = ($header['typ'] ?? '') === 'logout+jwt' && isset($claims['events'][self::LOGOUT_EVENT], $claims['sid']);
        $isOne && !isset($claims['nonce']) || throw new Refused('no logout token');
        return $claims;
    }

    public function userinfo(string $accessToken, string $sub): array
    {
        $claims = $this->json($this->provider['userinfo_endpoint'], ["Authorization: Bearer $accessToken"]);
        ($claims['sub'] ?? '') === $sub || throw new Refused('userinfo is about somebody else');
        return $claims;
    }

    public function endSessionUrl(string $idToken, string $back): string
    {
        $query = ['id_token_hint' => $idToken, 'post_logout_redirect_uri' => $back];
        return $this->provider['end_session_endpoint'] . '?' . http_build_query($query);
    }

    private function token(array $form): array
    {
        // RFC 6749 section 2.3.1: both are form-encoded first.
        $credentials = base64_encode(urlencode($this->clientId) . ':' . urlencode($this->clientSecret));
        return $this->json($this->provider['token_endpoint'], ["Authorization: Basic $credentials"], $form);
    }

    /** Claims and header of a JWT of the provider's for us, in time. */
    private function verified(string $token): array
    {
        $parts = explode('.', $token);
        count($parts) === 3 || throw new Refused('no JWT');
        [$header, $claims] = [json_decode(self::decode($parts[0]), true), json_decode(self::decode($parts[1]), true)];
        ($header['alg'] ?? '') === 'ES256' || throw new Refused('another algorithm than ES256 is registered for us');
        $good = openssl_verify(
            "$parts[0].$parts[1]", self::der(self::decode($parts[2])), $this->key($header['kid'] ?? ''), OPENSSL_ALGO_SHA256,
        );
        $good === 1 || throw new Refused('the signature is not good');
        ($claims['iss'] ?? '') === $this->issuer || throw new Refused('another issuer');
        in_array($this->clientId, (array) ($claims['aud'] ?? []), true) || throw new Refused('for another client');
        ($claims['exp'] ?? 0) > time() - self::LEEWAY || throw new Refused('expired');
        ($claims['iat'] ?? PHP_INT_MAX) < time() + self::LEEWAY || throw new Refused('from the future');
        return [$claims, $header];
    }

    private function key(string $kid): OpenSSLAsymmetricKey
    {
        foreach ($this->json($this->provider['jwks_uri'])['keys'] as $jwk) {
            if ($jwk['kid'] === $kid && $jwk['kty'] === 'EC' && $jwk['crv'] === 'P-256') {
                // SubjectPublicKeyInfo of a P-256 point (RFC 5480): what comes before it is always the same.
                $spki = hex2bin('3059301306072a8648ce3d020106082a8648ce3d03010703420004')
                    . self::decode($jwk['x']) . self::decode($jwk['y']);
                $pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($spki), 64, "\n") . '-----END PUBLIC KEY-----';
                return openssl_pkey_get_public($pem) ?: throw new Refused('the key cannot be read');
            }
        }
        throw new Refused("no key $kid");
    }

    /** JOSE's r||s as the SEQUENCE of two INTEGERs that OpenSSL takes (RFC 7518 section 3.4). */
    private static function der(string $signature): string
    {
        strlen($signature) === 64 || throw new Refused('the signature is not of ES256');
        $integers = '';
        foreach (str_split($signature, 32) as $number) {
            $number = ltrim($number, "\0");
            $number = $number === '' || ord($number[0]) > 0x7f ? "\0$number" : $number;
            $integers .= "\x02" . chr(strlen($number)) . $number;
        }
        return "\x30" . chr(strlen($integers)) . $integers;
    }

    private function json(string $url, array $headers = [], ?array $form = null): array
    {
        $options = ['ignore_errors' => true, 'follow_location' => 0, 'timeout' => 10, 'header' => $headers];
        if ($form !== null) {
            $options['method'] = 'POST';
            $options['header'][] = 'Content-Type: application/x-www-form-urlencoded';
            $options['content'] = http_build_query($form);
        }
        $body = file_get_contents($url, false, stream_context_create(['http' => $options]));
        $answer = json_decode($body === false ? '' : $body, true);
        is_array($answer) || throw new Refused("no answer from $url");
        isset($answer['error']) && throw new Refused($answer['error_description'] ?? '', $answer['error']);
        return $answer;
    }

    private static function encode(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    private static function decode(string $text): string
    {
        return (string) base64_decode(strtr($text, '-_', '+/'));
    }
}
