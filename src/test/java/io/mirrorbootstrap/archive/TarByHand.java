package io.mirrorbootstrap.archive;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A tar archive that any program may have written, also one that no program would. */
final class TarByHand {

    private static final int BLOCK = 512;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    TarByHand file(String name, String content) {
        return member('0', name, "", content);
    }

    TarByHand directory(String name) {
        return member('5', name, "", "");
    }

    TarByHand link(String name, String target) {
        return member('2', name, target, "");
    }

    TarByHand hardLink(String name, String target) {
        return member('1', name, target, "");
    }

    /** Records of pax, each a key and a value. */
    TarByHand pax(String... records) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < records.length; i += 2) {
            String record = " " + records[i] + "=" + records[i + 1] + "\n";
            int length = record.getBytes(StandardCharsets.UTF_8).length;
            int digits = 1;
            while (String.valueOf(length + digits).length() > digits) {
                digits++;
            }
            text.append(length + digits).append(record);
        }
        return member('x', "pax", "", text.toString());
    }

    TarByHand member(char type, String name, String target, String content) {
        byte[] data = content.getBytes(StandardCharsets.UTF_8);
        header(type, name, target, String.format(Locale.ROOT, "%011o", data.length), "0000644");
        bytes.writeBytes(data);
        bytes.writeBytes(new byte[(BLOCK - data.length % BLOCK) % BLOCK]);
        return this;
    }

    /** A header alone. */
    TarByHand header(char type, String name, String target, String size, String mode) {
        return header(type, name, target, size, mode, StandardCharsets.UTF_8);
    }

    TarByHand header(char type, String name, String target, String size, String mode, Charset charset) {
        byte[] header = new byte[BLOCK];
        put(header, 0, name, charset);
        put(header, 100, mode, charset);
        put(header, 108, "0001750", charset);
        put(header, 116, "0001750", charset);
        put(header, 124, size, charset);
        put(header, 136, "14000000000", charset);
        put(header, 148, "        ", charset);
        header[156] = (byte) type;
        put(header, 157, target, charset);
        put(header, 257, "ustar", charset);
        put(header, 263, "00", charset);
        int sum = 0;
        for (byte each : header) {
            sum += each & 0xff;
        }
        put(header, 148, String.format(Locale.ROOT, "%06o\0 ", sum), charset);
        bytes.writeBytes(header);
        return this;
    }

    TarByHand raw(byte[] more) {
        bytes.writeBytes(more);
        return this;
    }

    byte[] unfinished() {
        return bytes.toByteArray();
    }

    byte[] end() {
        bytes.writeBytes(new byte[2 * BLOCK]);
        return bytes.toByteArray();
    }

    private static void put(byte[] header, int at, String text, Charset charset) {
        byte[] field = text.getBytes(charset);
        System.arraycopy(field, 0, header, at, field.length);
    }
}
