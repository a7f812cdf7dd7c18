package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;

import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

import com.deque.html.axecore.selenium.AxeBuilder;

/** A Chromium without a window, at the page of a sidecar. */
final class Browser implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

    private final ChromeDriver driver;

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    /** Skips the test, and says so, where there is none. */
    static Browser start() {
        Assumptions.assumeTrue(Files.isExecutable(PROGRAM) && Files.isExecutable(DRIVER),
                "THE PAGE IS NOT TESTED: there is no " + PROGRAM + " with " + DRIVER
                        + " (Debian: chromium, chromium-driver)");
        ChromeOptions options = new ChromeOptions();
        options.setBinary(PROGRAM.toFile());
        options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                "--disable-background-networking", "--disable-component-update", "--no-first-run");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        return new Browser(new ChromeDriver(
                new ChromeDriverService.Builder().usingDriverExecutable(DRIVER.toFile()).build(), options));
    }

    void open(URI page) {
        driver.get(page.toString());
    }

    /** The page as wide as a phone or a desk has it, in pixels, dark or light. */
    void show(int width, boolean dark) {
        driver.executeCdpCommand("Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", false));
        driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features",
                List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    }

    /** What is shown there; empty where there is no such element, or it is hidden. */
    String text(String selector) {
        try {
            return driver.findElements(By.cssSelector(selector)).stream().filter(WebElement::isDisplayed).findFirst()
                    .map(WebElement::getText).orElse("");
        } catch (StaleElementReferenceException e) {
            return "";
        }
    }

    void awaitText(String selector, String part) {
        WithSidecar.patiently().untilAsserted(() -> assertEquals(part, partOf(text(selector), part), selector));
    }

    private static String partOf(String text, String part) {
        return text.contains(part) ? part : text;
    }

    void click(String selector) {
        driver.findElement(By.cssSelector(selector)).click();
    }

    void type(String selector, CharSequence... keys) {
        driver.findElement(By.cssSelector(selector)).sendKeys(keys);
    }

    /** What the page's own script would find. */
    Object ask(String expression) {
        return driver.executeScript("return " + expression);
    }

    /** The faults that an automated check finds for those who cannot see, or use no mouse. */
    List<String> barriers() {
        return new AxeBuilder().analyze(driver).getViolations().stream()
                .map(rule -> rule.getId() + ": " + rule.getHelp() + " " + rule.getNodes()).toList();
    }

    /** Whether something is wider than the page. */
    boolean scrollsSideways() {
        return (Boolean) ask("document.documentElement.scrollWidth > document.documentElement.clientWidth");
    }

    /** What the browser has complained of since it was asked last; that the service is away is no complaint. */
    List<String> complaints() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(entry -> entry.getMessage())
                .filter(message -> !message.contains("net::ERR_") && !message.contains("status of 4")).toList();
    }

    void screenshot(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
    }

    @Override
    public void close() {
        driver.quit();
    }
}
