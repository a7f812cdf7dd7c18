package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which proxy a URL, or an environment, names. */
class HttpProxyTest {

    @ParameterizedTest
    @CsvSource({"http://proxy:3128, http://proxy:3128, ", "proxy:3128, http://proxy:3128, ",
            "HTTP://proxy/, http://proxy:80, ", "http://[::1]:3128, http://[::1]:3128, ",
            "http://user:p%40ss@proxy:3128, http://proxy:3128, user:p@ss", "u:a@b/c@proxy:1, http://proxy:1, u:a@b/c",
            "u:100%@proxy:1, http://proxy:1, u:100%"})
    void aUrlNamesIt(String url, String shown, String login) {
        HttpProxy proxy = HttpProxy.parse(url);
        assertEquals(shown, proxy.toString());
        assertEquals(Optional.ofNullable(login), proxy.login());
    }

    @ParameterizedTest
    @ValueSource(strings = {"socks5://u:secret@proxy:1", "https://u:secret@proxy:1", "http://u:secret@",
            "u:secret@proxy:x",
            "http://u:secret@proxy:1/path", "http://"})
    void anythingElseIsRefusedWithoutItsPassword(String url) {
        String message = assertThrows(IllegalArgumentException.class, () -> HttpProxy.parse(url)).getMessage();
        assertFalse(message.contains("secret"), message);
    }

    @Test
    void whatItIsShownIsByteForByteWhatWasGiven() {
        String request = HttpProxy.parse("http://ü:%E9@proxy").request(Endpoint.parse("http://mirror"));
        assertTrue(request.contains("\r\nProxy-Authorization: Basic "
                + Base64.getEncoder().encodeToString(new byte[]{(byte) 0xC3, (byte) 0xBC, ':', (byte) 0xE9})
                + "\r\n"), request);
    }

    /** Variables, a URL, and the host of the proxy. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"http_proxy=http://a|http://mirror|a", "http_proxy=http://a|https://mirror|",
            "https_proxy=http://a|wss://mirror|a", "HTTPS_PROXY=http://a|https://mirror|a",
            "HTTP_PROXY=a|ws://mirror|a",
            "HTTP_PROXY=a REQUEST_METHOD=GET|http://mirror|", "http_proxy=a REQUEST_METHOD=GET|http://mirror|a",
            "http_proxy=a HTTP_PROXY=b|http://mirror|a", "http_proxy= HTTP_PROXY=b|http://mirror|",
            "ALL_PROXY=a|http://mirror|a", "all_proxy=a https_proxy=b|https://mirror|b",
            "http_proxy=a no_proxy=*|http://mirror|", "http_proxy=a no_proxy=mirror|http://mirror|",
            "http_proxy=a NO_PROXY=mirror|http://MIRROR|", "http_proxy=a no_proxy= NO_PROXY=mirror|http://mirror|a",
            "http_proxy=a no_proxy=example.com|http://mirror.example.com|",
            "http_proxy=a no_proxy=x,.example.com|http://m.example.com.|",
            "http_proxy=a no_proxy=*.example.com|http://m.example.com|",
            "http_proxy=a no_proxy=example.com|http://badexample.com|a",
            "http_proxy=a no_proxy=mirror:8080|http://mirror:8080|",
            "http_proxy=a no_proxy=mirror:8080|http://mirror|a",
            "http_proxy=a no_proxy=10.0.0.0/8|http://10.9.9.9|", "http_proxy=a no_proxy=10.0.0.0/8|http://11.9.9.9|a",
            "http_proxy=a no_proxy=10.0.0.1|http://10.0.0.1|", "http_proxy=a no_proxy=10.0.0.1:80|http://10.0.0.1|",
            "http_proxy=a no_proxy=192.168.4.0/23|http://192.168.5.1|",
            "http_proxy=a no_proxy=192.168.4.0/23|http://192.168.6.1|a",
            "http_proxy=a no_proxy=fd00::/8|http://[fd12::1]|", "http_proxy=a no_proxy=[fd00::1]:80|http://[fd00::1]|",
            "http_proxy=a no_proxy=fd00::/8|http://[fe80::1]|a", "http_proxy=a no_proxy=10.0.0.0/99|http://10.0.0.1|a",
            "http_proxy=a|http://localhost:8080|", "http_proxy=a|http://127.0.0.2|", "http_proxy=a|http://[::1]|"})
    void anEnvironmentNamesIt(String variables, String url, String proxy) {
        assertEquals(Optional.ofNullable(proxy),
                HttpProxy.of(environment(variables), Endpoint.parse(url)).map(HttpProxy::host));
    }

    @ParameterizedTest
    @ValueSource(strings = {"https_proxy=socks5://u:secret@proxy:1", "ALL_PROXY=http://u:secret@pro xy"})
    void whatIsWrongIsToldWithItsVariable(String variable) {
        String message = assertThrows(IllegalArgumentException.class,
                () -> HttpProxy.of(Map.of(variable.split("=")[0], variable.split("=")[1]),
                        Endpoint.parse("https://mirror")))
                .getMessage();
        assertTrue(message.contains(variable.split("=")[0]), message);
        assertFalse(message.contains("secret"), message);
    }

    private static Map<String, String> environment(String variables) {
        Map<String, String> environment = new HashMap<>();
        for (String variable : variables.split(" ")) {
            String[] parts = variable.split("=", 2);
            environment.put(parts[0], parts[1]);
        }
        return environment;
    }
}
