package io.mirrorbootstrap.store;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** A disk that keeps the case of the letters in names, and does not tell names apart by it. */
public final class FoldingDisk {

    private FoldingDisk() {
    }

    /** The files of {@code disk}, whose names are those of the first spelling. */
    public static Disk of(Disk disk) {
        return (Disk) Proxy.newProxyInstance(Disk.class.getClassLoader(), new Class<?>[]{Disk.class},
                (self, method, arguments) -> {
                    try {
                        return method.invoke(disk, arguments == null ? null : spelled(disk, arguments));
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static Object[] spelled(Disk disk, Object[] arguments) throws IOException {
        Object[] spelled = arguments.clone();
        for (int i = 0; i < spelled.length; i++) {
            if (spelled[i] instanceof String name) {
                spelled[i] = disk.names().stream().filter(name::equalsIgnoreCase).findFirst().orElse(name);
            }
        }
        return spelled;
    }
}
